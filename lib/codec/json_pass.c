/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects and arrays that nobody reads: checked by a machine that takes one byte a step, whatever
 * it is. A walk that branches by what it meets is faster over what issuers mint, but a sender
 * chooses what it meets, and a wrong guess costs as much as three steps. Only strings are passed as
 * a whole, as long as that is worth it.
 *
 *   byte, in a string? ─▶ class, in an array or an object? ─▶ next[class + state] ─▶ state
 */
#include "json_scan.h"

#define KINDS   2u            /* in an array, in an object */
#define CLASSES (32u * KINDS) /* room for a row of the table */

#define SHORT_BYTES 8 /* a string below it costs less byte by byte */

enum outside { /* a string */
	OTHER,
	SPACE,
	QUOTE,
	OPEN_ARRAY,
	OPEN_OBJECT,
	CLOSE_ARRAY,
	CLOSE_OBJECT,
	COMMA,
	COLON,
	MINUS,
	PLUS,
	POINT,
	NOUGHT,
	DIGIT, /* but for 0 */
	CAPITAL_E,
	LETTER_A,
	LETTER_E,
	LETTER_F,
	LETTER_L,
	LETTER_N,
	LETTER_R,
	LETTER_S,
	LETTER_T,
	LETTER_U,
};

enum inside {
	PLAIN,
	CONTROL,
	END_QUOTE,
	BACKSLASH,
	HEX_0_7,
	HEX_8_B,
	HEX_C_F, /* but for d */
	HEX_D,
	ESCAPED,     /* may stand behind a backslash */
	ESCAPED_8_B, /* and is a digit */
	ESCAPED_C_F,
	ESCAPED_U,
};

/* Where a byte stands, as the part of `effect` that says what it does there. */
enum { OUTSIDE_STRING = 0, IN_STRING = 256, BEHIND_BACKSLASH = 512, PLACES_END = 768 };

/* What a byte does. To the containers that are open (struct machine): how far they are shifted to
 * the left, the bit that is added then, and how far they are shifted to the right. */
struct effect {
	uint16_t next_place;
	uint8_t column; /* its class, as a place in a row of `next` */
	uint8_t opens, is_object, closes;
	uint16_t is_colon;
};

#define TEXT(class)                                                                                \
	{                                                                                          \
		.next_place = IN_STRING, .column = (class) * KINDS                                 \
	}
#define TO(place, class)                                                                           \
	{                                                                                          \
		.next_place = (place), .column = (class) * KINDS                                   \
	}
#define IS(class)                                                                                  \
	{                                                                                          \
		.column = (class) * KINDS                                                          \
	}
#define OPENS(class)                                                                               \
	{                                                                                          \
		.column = (class) * KINDS, .opens = 1                                              \
	}
#define CLOSES(class)                                                                              \
	{                                                                                          \
		.column = (class) * KINDS, .closes = 1                                             \
	}

#define DIGITS_2_TO_9 ['2'] = D9, D9, D9, D9, D9, D9, D9, D9
#define D9            IS(DIGIT)

/* All bytes in a string, or behind a backslash; only two of them do not mean the same. */
/* clang-format off */
#define CC  TEXT(CONTROL)
#define P_  TEXT(PLAIN)
#define H0  TEXT(HEX_0_7)
#define H8  TEXT(HEX_8_B)
#define HC  TEXT(HEX_C_F)
#define HD  TEXT(HEX_D)
#define ES  TEXT(ESCAPED)
#define E8  TEXT(ESCAPED_8_B)
#define EF  TEXT(ESCAPED_C_F)
#define EU  TEXT(ESCAPED_U)
#define CC8 CC, CC, CC, CC, CC, CC, CC, CC
#define P_8 P_, P_, P_, P_, P_, P_, P_, P_
#define ALL_TEXT(at, quote, backslash)                                                             \
	[at] = CC8, CC8, CC8, CC8,                                                                 \
	P_, P_, quote, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, ES,                         \
	H0, H0, H0, H0, H0, H0, H0, H0, H8, H8, P_, P_, P_, P_, P_, P_,                            \
	P_, H8, H8, HC, HD, HC, HC, P_, P_, P_, P_, P_, P_, P_, P_, P_,                            \
	P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_, backslash, P_, P_, P_,                     \
	P_, H8, E8, HC, HD, HC, EF, P_, P_, P_, P_, P_, P_, P_, ES, P_,                            \
	P_, P_, ES, P_, ES, EU, P_, P_, P_, P_, P_, P_, P_, P_, P_, P_,                            \
	P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8, P_8
/* clang-format on */

static const struct effect effect[PLACES_END] = {[' '] = IS(SPACE),
    ['\t'] = IS(SPACE),
    ['\n'] = IS(SPACE),
    ['\r'] = IS(SPACE),
    ['"'] = TO(IN_STRING, QUOTE),
    ['['] = OPENS(OPEN_ARRAY),
    ['{'] = {.column = OPEN_OBJECT * KINDS, .opens = 1, .is_object = 1},
    [']'] = CLOSES(CLOSE_ARRAY),
    ['}'] = CLOSES(CLOSE_OBJECT),
    [','] = IS(COMMA),
    [':'] = {.column = COLON * KINDS, .is_colon = 1},
    ['-'] = IS(MINUS),
    ['+'] = IS(PLUS),
    ['.'] = IS(POINT),
    ['0'] = IS(NOUGHT),
    ['1'] = IS(DIGIT),
    DIGITS_2_TO_9,
    ['E'] = IS(CAPITAL_E),
    ['a'] = IS(LETTER_A),
    ['e'] = IS(LETTER_E),
    ['f'] = IS(LETTER_F),
    ['l'] = IS(LETTER_L),
    ['n'] = IS(LETTER_N),
    ['r'] = IS(LETTER_R),
    ['s'] = IS(LETTER_S),
    ['t'] = IS(LETTER_T),
    ['u'] = IS(LETTER_U),
    ALL_TEXT(IN_STRING, TO(OUTSIDE_STRING, END_QUOTE), TO(BEHIND_BACKSLASH, BACKSLASH)),
    ALL_TEXT(BEHIND_BACKSLASH, TEXT(END_QUOTE), TEXT(BACKSLASH))};

/* What has been seen, or is expected; each is where its row begins. No way leads out of the first:
 * what comes there is no JSON. */
#define STATE(i) ((i)*CLASSES)
enum state {
	REFUSED = STATE(0),
	VALUE = STATE(1),       /* is expected */
	FIRST_VALUE = STATE(2), /* or the end of an array */
	NAME = STATE(3),        /* is expected */
	FIRST_NAME = STATE(4),  /* or the end of an object */
	NAMED = STATE(5),       /* a colon is expected */
	DONE = STATE(6),        /* a value */
	NEGATIVE = STATE(7),    /* its sign */
	ZERO = STATE(8),        /* a leading one */
	INTEGER = STATE(9),     /* one digit or more */
	FRACTION = STATE(10),   /* the point */
	DECIMAL = STATE(11),    /* and one digit or more */
	EXPONENT = STATE(12),   /* the letter */
	SIGNED = STATE(13),     /* and its sign */
	POWER = STATE(14),      /* and one digit or more */
	T = STATE(15),
	TR = STATE(16),
	TRU = STATE(17), /* or FALS */
	F = STATE(18),
	FA = STATE(19),
	FAL = STATE(20),
	N = STATE(21),
	NU = STATE(22),
	NUL = STATE(23),
	IN_VALUE = STATE(24), /* a string: IN_STRINGS rows */
	IN_NAME = STATE(37),
	STATES_END = STATE(50),
};

/* Whatever the container is; where it is an array; where it is an object. */
#define GO(state, class, to)        IN_ARRAY(state, class, to), IN_OBJECT(state, class, to)
#define IN_ARRAY(state, class, to)  [(state) + (class) * KINDS] = (to)
#define IN_OBJECT(state, class, to) [(state) + (class) * KINDS + 1] = (to)

#define GO_VALUE(state)                                                                            \
	GO(state, QUOTE, IN_VALUE), GO(state, OPEN_ARRAY, FIRST_VALUE),                            \
	    GO(state, OPEN_OBJECT, FIRST_NAME), GO(state, MINUS, NEGATIVE),                        \
	    GO(state, NOUGHT, ZERO), GO(state, DIGIT, INTEGER), GO(state, LETTER_T, T),            \
	    GO(state, LETTER_F, F), GO(state, LETTER_N, N)

#define GO_ON(state)                                                                               \
	GO(state, SPACE, DONE), IN_ARRAY(state, COMMA, VALUE), IN_OBJECT(state, COMMA, NAME),      \
	    IN_ARRAY(state, CLOSE_ARRAY, DONE), IN_OBJECT(state, CLOSE_OBJECT, DONE)

#define GO_DIGIT(state, to) GO(state, NOUGHT, to), GO(state, DIGIT, to)
#define GO_E(state)         GO(state, LETTER_E, EXPONENT), GO(state, CAPITAL_E, EXPONENT)

/* The rows of a string that begins at `text` and goes to `end`: text; 1 behind a backslash; 2 to 5
 * one to four hexadecimal digits to come; 6 behind the d of a first digit, 7 and 8 two and one to
 * come of a high surrogate, 9 to 12 the backslash, u, d and next digit of the low one. */
#define ROW(text, i)      ((text) + STATE(i))
#define GO_8_B(state, to) GO(state, HEX_8_B, to), GO(state, ESCAPED_8_B, to)
#define GO_C_F(state, to) GO(state, HEX_C_F, to), GO(state, ESCAPED_C_F, to), GO(state, HEX_D, to)
#define GO_HEX(state, to) GO(state, HEX_0_7, to), GO_8_B(state, to), GO_C_F(state, to)

#define TEXT_ROW(text, end)                                                                        \
	GO(text, PLAIN, text), GO_HEX(text, text), GO(text, ESCAPED, text),                        \
	    GO(text, ESCAPED_U, text), GO(text, END_QUOTE, end), GO(text, BACKSLASH, ROW(text, 1))

#define ESCAPE_ROW(text, behind)                                                                   \
	GO(behind, END_QUOTE, text), GO(behind, BACKSLASH, text), GO(behind, ESCAPED, text),       \
	    GO(behind, ESCAPED_8_B, text), GO(behind, ESCAPED_C_F, text),                          \
	    GO(behind, ESCAPED_U, ROW(text, 2))

#define CODE_ROWS(text)                                                                            \
	GO(ROW(text, 2), HEX_0_7, ROW(text, 3)), GO_8_B(ROW(text, 2), ROW(text, 3)),               \
	    GO(ROW(text, 2), HEX_C_F, ROW(text, 3)), GO(ROW(text, 2), ESCAPED_C_F, ROW(text, 3)),  \
	    GO(ROW(text, 2), HEX_D, ROW(text, 6)), GO_HEX(ROW(text, 3), ROW(text, 4)),             \
	    GO_HEX(ROW(text, 4), ROW(text, 5)), GO_HEX(ROW(text, 5), text),                        \
	    GO(ROW(text, 6), HEX_0_7, ROW(text, 4)), GO_8_B(ROW(text, 6), ROW(text, 7)),           \
	    GO_HEX(ROW(text, 7), ROW(text, 8)), GO_HEX(ROW(text, 8), ROW(text, 9)),                \
	    GO(ROW(text, 9), BACKSLASH, ROW(text, 10)),                                            \
	    GO(ROW(text, 10), ESCAPED_U, ROW(text, 11)), GO(ROW(text, 11), HEX_D, ROW(text, 12)),  \
	    GO_C_F(ROW(text, 12), ROW(text, 4))

#define STRING_ROWS(text, end) TEXT_ROW(text, end), ESCAPE_ROW(text, ROW(text, 1)), CODE_ROWS(text)

static const uint16_t next[STATES_END] = {
    GO_VALUE(VALUE),
    GO(VALUE, SPACE, VALUE),
    GO_VALUE(FIRST_VALUE),
    GO(FIRST_VALUE, SPACE, FIRST_VALUE),
    IN_ARRAY(FIRST_VALUE, CLOSE_ARRAY, DONE),
    GO(NAME, SPACE, NAME),
    GO(NAME, QUOTE, IN_NAME),
    GO(FIRST_NAME, SPACE, FIRST_NAME),
    GO(FIRST_NAME, QUOTE, IN_NAME),
    IN_OBJECT(FIRST_NAME, CLOSE_OBJECT, DONE),
    GO(NAMED, SPACE, NAMED),
    GO(NAMED, COLON, VALUE),
    GO_ON(DONE),
    GO(NEGATIVE, NOUGHT, ZERO),
    GO(NEGATIVE, DIGIT, INTEGER),
    GO_ON(ZERO),
    GO(ZERO, POINT, FRACTION),
    GO_E(ZERO),
    GO_ON(INTEGER),
    GO_DIGIT(INTEGER, INTEGER),
    GO(INTEGER, POINT, FRACTION),
    GO_E(INTEGER),
    GO_DIGIT(FRACTION, DECIMAL),
    GO_ON(DECIMAL),
    GO_DIGIT(DECIMAL, DECIMAL),
    GO_E(DECIMAL),
    GO_DIGIT(EXPONENT, POWER),
    GO(EXPONENT, MINUS, SIGNED),
    GO(EXPONENT, PLUS, SIGNED),
    GO_DIGIT(SIGNED, POWER),
    GO_ON(POWER),
    GO_DIGIT(POWER, POWER),
    GO(T, LETTER_R, TR),
    GO(TR, LETTER_U, TRU),
    GO(TRU, LETTER_E, DONE),
    GO(F, LETTER_A, FA),
    GO(FA, LETTER_L, FAL),
    GO(FAL, LETTER_S, TRU),
    GO(N, LETTER_U, NU),
    GO(NU, LETTER_L, NUL),
    GO(NUL, LETTER_L, DONE),
    STRING_ROWS(IN_VALUE, DONE),
    STRING_ROWS(IN_NAME, NAMED),
};

struct machine {
	const uint8_t *at, *end;
	uint64_t state;
	/* The containers that are open, as bits below a highest one: the innermost lowest, 1 for an
	 * object. As a number below `too_many`. */
	uint64_t open, too_many;
	uint64_t colon_cnt; /* outside strings */
};

/* Takes a byte that does this. */
static inline void step(struct machine *m, const struct effect *e)
{
	const uint16_t *column = &next[e->column + (m->open & 1)];

	__asm__("" : "+r"(column)); /* kept from being added up otherwise: the state comes last */
	m->state = column[m->state];
	m->open = (m->open << e->opens | e->is_object) >> e->closes;
	m->colon_cnt += e->is_colon;
}

static inline bool is_open(const struct machine *m)
{
	return m->open - 2 < m->too_many - 2;
}

/* Strings as a whole, until enough of them were short or all is closed. */
static bool pass_by_strings(struct machine *machine, struct eg_json_scanner *s)
{
	struct machine m = *machine;
	struct eg_json_value string;

	do {
		const uint8_t c = *m.at;

		step(&m, &effect[c]);
		m.at++;
		if (c == '"') {
			m.at = eg_json_scan_string(s, m.at - 1, &string);
			if (m.at == NULL)
				return false;
			m.state = next[m.state + END_QUOTE * KINDS];
			s->short_left -= string.escaped || string.raw.len < SHORT_BYTES;
		}
	} while (m.at < m.end && is_open(&m) && s->short_left > 0);
	*machine = m;
	return true;
}

/* Where a byte stands depends on quotes and backslashes alone, whatever else is wrong: so it is
 * known long before the state is. */
static void pass_by_bytes(struct machine *machine)
{
	struct machine m = *machine;
	size_t place = OUTSIDE_STRING;

	while (m.at < m.end && is_open(&m)) {
		const struct effect *e = &effect[place + *m.at++];

		place = e->next_place;
		step(&m, e);
	}
	*machine = m;
}

const uint8_t *eg_json_pass_container(struct eg_json_scanner *s, const uint8_t *p)
{
	struct machine m = {.at = p, .end = s->end, .state = VALUE, .open = 1};

	m.too_many = 2u << (EG_JSON_DEPTH_MAX - s->depth);
	step(&m, &effect[*m.at++]);
	if (s->short_left > 0 && m.at < m.end && is_open(&m) && !pass_by_strings(&m, s))
		return NULL;
	pass_by_bytes(&m);
	if (m.open != 1 || m.state != DONE || m.colon_cnt > s->member_max - s->member_cnt)
		return NULL;
	s->member_cnt += (unsigned)m.colon_cnt;
	return m.at;
}
