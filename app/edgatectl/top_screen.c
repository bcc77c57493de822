/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_clock.h"
#include "top.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER     "\033[?1049h\033[?25l" /* alternate screen, no cursor */
#define LEAVE     "\033[?25h\033[?1049l"
#define HOME      "\033[H"
#define LINE_END  "\033[K" /* clears what an older, longer line has left */
#define BELOW     "\033[J"
#define CTRL_C    3
#define NS_PER_MS 1000000u

static struct termios before;
static volatile sig_atomic_t ended, resized;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static void on_resize(int signal)
{
	(void)signal;
	resized = 1;
}

static void set_handlers(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_end};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		(void)sigaction(ends[i], &action, NULL);
	action.sa_handler = on_resize;
	(void)sigaction(SIGWINCH, &action, NULL);
}

bool top_screen_open(void)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	set_handlers();
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	(void)fputs(ENTER, stdout);
	(void)fflush(stdout);
	return true;
}

void top_screen_close(void)
{
	(void)fputs(LEAVE, stdout);
	(void)fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

static struct winsize size_now(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (size.ws_row == 0 || size.ws_col == 0)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	return size;
}

unsigned top_screen_columns(void)
{
	return size_now().ws_col;
}

/* The last row has no \n behind it: that would scroll. */
void top_screen_show(const char *text)
{
	const struct winsize size = size_now();

	(void)fputs(HOME, stdout);
	for (unsigned row = 0; row < size.ws_row && *text != '\0'; row++) {
		size_t len = strcspn(text, "\n");
		int shown = (int)(len < size.ws_col ? len : size.ws_col);

		(void)printf("%s%.*s" LINE_END, row != 0 ? "\r\n" : "", shown, text);
		text += len + (text[len] == '\n');
	}
	(void)fputs(BELOW, stdout);
	(void)fflush(stdout);
}

static bool is_quit(void)
{
	char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	return n == 0 || (n == 1 && (key == 'q' || key == 'Q' || key == CTRL_C));
}

enum top_event top_screen_wait(uint64_t until_ns)
{
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	uint64_t now_ns = eg_clock_mono_ns();

	for (; now_ns < until_ns; now_ns = eg_clock_mono_ns()) {
		int ms = (int)((until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
		int ready = poll(&keys, 1, ms);

		if (ended || (ready > 0 && is_quit()))
			return TOP_QUIT;
		if (resized) {
			resized = 0;
			return TOP_REDRAW;
		}
	}
	return TOP_TICK;
}
