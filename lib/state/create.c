/* SPDX-License-Identifier: BSD-3-Clause */
#include "sealed.h"
#include "store.h"

#include <errno.h>
#include <grp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GENERATION_AT_INIT 1

static const char schema[] =
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL, checkpoint INTEGER NOT NULL, trimmed INTEGER NOT NULL,"
    "  tail_indices INTEGER NOT NULL, newest_utc_ns INTEGER NOT NULL,"
    "  highest_utc_ns INTEGER NOT NULL, default_policy INTEGER NOT NULL,"
    "  hash_key BLOB NOT NULL CHECK (length(hash_key) = 16)) STRICT;"
    "CREATE TABLE issuer (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,"
    "  present INTEGER NOT NULL) STRICT;"
    "CREATE TABLE key (idx INTEGER PRIMARY KEY, issuer INTEGER NOT NULL REFERENCES issuer (id),"
    "  has_kid INTEGER NOT NULL, name BLOB NOT NULL, x BLOB NOT NULL CHECK (length(x) = 32),"
    "  mixed_order INTEGER NOT NULL, present INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    "  generation INTEGER NOT NULL, UNIQUE (issuer, has_kid, name)) STRICT;" EG_SCHEMA_KEY
    "CREATE TABLE policy (id INTEGER PRIMARY KEY, body BLOB NOT NULL, checksum BLOB NOT NULL)"
    "  STRICT;"
    "CREATE TABLE list (id INTEGER PRIMARY KEY, uri BLOB NOT NULL UNIQUE,"
    "  issuer INTEGER NOT NULL REFERENCES issuer (id), bits INTEGER NOT NULL,"
    "  entries INTEGER NOT NULL) STRICT;" EG_SCHEMA_LIST
    "CREATE TABLE bitmap (list INTEGER NOT NULL REFERENCES list (id), layer INTEGER NOT NULL,"
    "  chunk INTEGER NOT NULL, bytes BLOB NOT NULL, checksum BLOB NOT NULL,"
    "  UNIQUE (list, layer, chunk)) STRICT;" EG_SCHEMA_RUN
    "CREATE TABLE event (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL,"
    "  checksum BLOB NOT NULL) STRICT;"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL,"
    "  utc_ns INTEGER NOT NULL, uid INTEGER NOT NULL, what TEXT NOT NULL) STRICT;" EG_SCHEMA_SEALED;

struct creation {
	const char *dir;
	bool made_dir;
	bool has_group;
	gid_t gid;
	char path[EG_STORE_PATH_BYTES], fresh[EG_STORE_PATH_BYTES];
	int64_t utc_ns;
};

static int find_group(struct creation *c, const char *group, struct eg_error *err)
{
	const struct group *gr;

	if (group == NULL)
		return 0;
	gr = getgrnam(group);
	if (gr == NULL)
		return eg_error_set(err, EG_ENOENT,
		    "there is no group %s on this host: create it (groupadd --system %s) or name "
		    "another",
		    group, group);
	c->has_group = true;
	c->gid = gr->gr_gid;
	return 0;
}

/* An existing directory keeps its mode: it may hold other people's files too. */
static int make_dir(struct creation *c, struct eg_error *err)
{
	if (mkdir(c->dir, 0700) != 0) {
		if (errno == EEXIST)
			return 0;
		if (errno == ENOENT)
			return eg_error_set(err, EG_ENOENT,
			    "cannot make %s: the directory above it does not exist; create that "
			    "first",
			    c->dir);
		return eg_store_errno(err, "make the directory", c->dir);
	}
	c->made_dir = true;
	if (c->has_group && chown(c->dir, (uid_t)-1, c->gid) != 0)
		return eg_store_errno(err, "give to its group", c->dir);
	if (chmod(c->dir, 02770) != 0)
		return eg_store_errno(err, "set the mode of", c->dir);
	return 0;
}

static int refuse_existing(const struct creation *c, struct eg_error *err)
{
	struct stat sb;

	if (lstat(c->path, &sb) == 0)
		return eg_error_set(err, EG_EEXIST, "there is a store already: %s", c->path);
	if (errno != ENOENT)
		return eg_store_errno(err, "look at", c->path);
	return 0;
}

/* The mode comes before SQLite opens the file: its -wal and -shm files copy it. */
static int make_file(struct creation *c, struct eg_error *err)
{
	int rc = eg_store_path(c->fresh, c->dir, "edgate.db.new-XXXXXX", err);
	int fd;

	if (rc != 0)
		return rc;
	fd = mkstemp(c->fresh);
	if (fd < 0) {
		rc = eg_store_errno(err, "create a file in", c->dir);
		c->fresh[0] = '\0';
		return rc;
	}
	if (c->has_group && fchown(fd, (uid_t)-1, c->gid) != 0)
		rc = eg_store_errno(err, "give to its group", c->fresh);
	else if (fchmod(fd, 0660) != 0)
		rc = eg_store_errno(err, "set the mode of", c->fresh);
	(void)close(fd);
	return rc;
}

/* SQLite keeps the old mode without an error where the file system cannot do WAL. */
int eg_store_enter_wal(struct eg_db *db, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	bool is_wal;
	int rc = eg_db_query(db, &stmt, "PRAGMA journal_mode=WAL", EG_NO_VALS, err);

	if (rc == 0)
		rc = eg_db_step(db, stmt, err);
	if (rc < 0)
		return rc;
	is_wal = rc > 0 && eg_span_eq_str(eg_col_blob(stmt, 0), "wal");
	if (rc > 0)
		eg_db_finish(db, stmt);
	if (!is_wal)
		return eg_error_set(err, EG_ENOTSUP,
		    "%s: this file system cannot hold a store (no shared memory): use a local one",
		    db->path);
	return 0;
}

static int write_schema(struct eg_db *db, int64_t utc_ns, struct eg_error *err)
{
	uint8_t key[EG_HASH_KEY_BYTES];
	char head[128];
	int rc;

	randombytes_buf(key, sizeof(key));
	(void)snprintf(head, sizeof(head), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
	    EG_STORE_APPLICATION_ID, EG_STORE_SCHEMA_VERSION);
	rc = eg_store_enter_wal(db, err);
	if (rc == 0)
		rc = eg_db_script(db, "PRAGMA synchronous=FULL; BEGIN;", err);
	if (rc == 0)
		rc = eg_db_script(db, head, err);
	if (rc == 0)
		rc = eg_db_script(db, schema, err);
	if (rc == 0)
		rc = eg_db_run(db, "INSERT INTO meta VALUES (1, ?1, 0, 0, 0, 0, 0, 0, 0, ?2, x'')",
		    EG_VALS(eg_int(GENERATION_AT_INIT), eg_blob(eg_span(key, sizeof(key)))), err);
	if (rc == 0)
		rc = eg_sealed_end(db, EG_SEALED_META, err);
	if (rc == 0)
		rc = eg_db_run(db,
		    "INSERT INTO audit (sequence, utc_ns, uid, what) VALUES (0, ?1, ?2, 'init')",
		    EG_VALS(eg_int((uint64_t)utc_ns), eg_int(getuid())), err);
	if (rc == 0)
		rc = eg_db_script(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);", err);
	return rc;
}

/* link() fails where the name is taken: of two that create at once, one wins with a whole store. */
static int publish(const struct creation *c, struct eg_error *err)
{
	int rc = eg_store_sync(c->fresh, err);

	if (rc != 0)
		return rc;
	if (link(c->fresh, c->path) != 0) {
		if (errno == EEXIST)
			return eg_error_set(
			    err, EG_EEXIST, "there is a store already: %s", c->path);
		return eg_store_errno(err, "create", c->path);
	}
	return eg_store_sync(c->dir, err);
}

static int make_store(struct creation *c, struct eg_error *err)
{
	struct eg_db db;
	int rc = make_file(c, err);

	if (rc != 0)
		return rc;
	rc = eg_db_open(&db, c->fresh, err);
	if (rc != 0)
		return rc;
	rc = write_schema(&db, c->utc_ns, err);
	eg_db_close(&db);
	return rc == 0 ? publish(c, err) : rc;
}

static void clean_up(const struct creation *c, int rc)
{
	if (c->fresh[0] != '\0')
		(void)unlink(c->fresh);
	if (rc != 0 && c->made_dir)
		(void)rmdir(c->dir); /* fails, as it should, where somebody else has put a store */
}

int eg_state_create(const char *dir, const char *group, int64_t utc_ns, struct eg_error *err)
{
	struct creation c = {.dir = dir, .utc_ns = utc_ns};
	int rc = eg_store_path(c.path, dir, "edgate.db", err);

	if (rc == 0 && sodium_init() < 0)
		rc = eg_error_set(err, EG_EIO, "no source of random numbers on this host");
	if (rc == 0)
		rc = find_group(&c, group, err);
	if (rc == 0)
		rc = make_dir(&c, err);
	if (rc == 0)
		rc = refuse_existing(&c, err);
	if (rc == 0)
		rc = make_store(&c, err);
	clean_up(&c, rc);
	return rc;
}
