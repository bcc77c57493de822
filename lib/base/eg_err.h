/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Errors of the control side.
 *
 * A function that can fail returns 0 or a negative EG_E… code and, where it takes a struct
 * eg_error, leaves there one sentence for the operator: what is wrong, where (file, line, field),
 * what to do. The packet path has no errors: it has verdicts and named drops (eg_stats.h).
 *
 * Threads: [any], an eg_error belongs to its caller. No allocation.
 */
#ifndef EG_ERR_H
#define EG_ERR_H

enum eg_err {
	EG_EINVAL = 1, /* input is not what it must be */
	EG_ENOENT,     /* the named thing does not exist */
	EG_EEXIST,     /* it exists already */
	EG_EIO,        /* the system refused: errno is in the text */
	EG_ENOMEM,
	EG_EPERM,    /* not allowed by rule (a revoked key, an owner) */
	EG_ELIMIT,   /* over a fixed limit */
	EG_ECORRUPT, /* stored data fails its checksum or shape */
	EG_EVERSION, /* written by a newer edgate */
	EG_EAGAIN,   /* busy or not there yet: try again */
	EG_ENOTSUP,  /* not in this build or not yet */
};

#define EG_ERROR_TEXT_BYTES 512

struct eg_error {
	int code; /* negative EG_E…, 0 while unset */
	char text[EG_ERROR_TEXT_BYTES];
};

/* Fills err (which may be NULL) and returns -code, so that `return eg_error_set(…)` reads well. */
__attribute__((format(printf, 3, 4))) int eg_error_set(
    struct eg_error *err, enum eg_err code, const char *fmt, ...);

/* Puts "prefix: " before the text that is there, whose end is lost where the two are too long;
 * returns err->code. err is not NULL, and no argument points into it. */
__attribute__((format(printf, 2, 3))) int eg_error_prefix(
    struct eg_error *err, const char *fmt, ...);

#endif
