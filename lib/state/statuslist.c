/* SPDX-License-Identifier: BSD-3-Clause */
#include "statuslist.h"

#include "eg_base64url.h"

#include <stdlib.h>

/* A list from a clock that is ahead of ours by more than the largest skew would shut out those
 * that come after it. */
#define IAT_SKEW_S EG_POLICY_SKEW_MAX_S

int eg_statuslist_fault(const char *member, const char *what, struct eg_error *err)
{
	return eg_error_set(err, EG_EINVAL, "%s must be %s", member, what);
}

int eg_statuslist_unpack_text(const struct eg_json_value *text, size_t skip, const char *member,
    struct eg_statuslist_claims *claims, struct eg_error *err)
{
	const struct eg_span b64 = eg_span(text->raw.ptr + skip, text->raw.len - skip);
	uint8_t *bytes = malloc(EG_BASE64URL_DECODED_BYTES(b64.len) + 1);

	if (bytes == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %s", member);
	free(claims->decoded);
	claims->decoded = bytes;
	if (text->escaped || !eg_base64url_decode(b64, bytes))
		return eg_statuslist_fault(member, "base64url without padding", err);
	claims->packed = eg_span(bytes, EG_BASE64URL_DECODED_BYTES(b64.len));
	return 0;
}

/* ── the signature ── */

static void allow_types(enum eg_list_form form, struct eg_policy *policy)
{
	eg_policy_init(policy, 1);
	eg_policy_clear_typs(policy);
	eg_policy_clear_cwt_typs(policy);
	policy->typ_required = form != EG_LIST_W3C;
	if (form == EG_LIST_W3C) {
		(void)eg_policy_add_typ(policy, eg_span_str("vc+jwt"), NULL);
		(void)eg_policy_add_typ(policy, eg_span_str("vc+ld+json+jwt"), NULL);
		(void)eg_policy_add_typ(policy, eg_span_str("jwt"), NULL);
	} else {
		(void)eg_policy_add_typ(policy, eg_span_str("statuslist+jwt"), NULL);
		(void)eg_policy_add_cwt_typ(
		    policy, eg_span_str("application/statuslist+cwt"), NULL);
	}
}

/* S6, with R1. */
static int find_key(const struct eg_statuslist_want *want, const struct eg_token *token,
    const struct eg_key **key, struct eg_error *err)
{
	*key = eg_keyset_find(want->keys, want->issuer_slot, token->has & EG_HAS_KID, token->kid);
	if (*key == NULL)
		return eg_error_set(err, EG_EPERM,
		    token->has & EG_HAS_KID
		        ? "the list's issuer has no key of its kid: see `key list`"
		        : "it names no kid, and the list's issuer has not exactly one key");
	if ((*key)->revoked)
		return eg_error_set(err, EG_EPERM, "it is signed with a key that is revoked");
	if (want->now_s < (*key)->not_before_s || want->now_s > (*key)->not_after_s)
		return eg_error_set(
		    err, EG_EPERM, "it is signed with a key that is outside its window");
	return 0;
}

static int check_signature(
    const struct eg_statuslist_want *want, const struct eg_envelope *envelope, struct eg_error *err)
{
	const struct eg_ed25519_impl *impl = eg_ed25519_select(NULL, err);
	struct eg_ed25519_job job = {.msg = envelope->message.ptr,
	    .sig = envelope->token.signature,
	    .msg_bytes = (uint32_t)envelope->message.len};
	const struct eg_key *key = NULL;
	bool ok = false;
	int rc = find_key(want, &envelope->token, &key, err);

	if (rc != 0)
		return rc;
	if (impl == NULL)
		return err->code;
	if (envelope->message.len > UINT32_MAX)
		return eg_error_set(err, EG_ELIMIT, "it is over 4 GiB");
	job.key = &key->ed;
	eg_ed25519_verify(impl, &job, 1, &ok);
	return ok ? 0 : eg_error_set(err, EG_EPERM, "its signature does not verify");
}

/* ── the claims ── */

static int check_names(const struct eg_statuslist_want *want,
    const struct eg_statuslist_claims *claims, struct eg_error *err)
{
	if (!claims->has_sub)
		return eg_error_set(err, EG_EINVAL, "it does not say which list it is (sub, id)");
	if (!eg_span_eq(claims->sub, want->uri))
		return eg_error_set(
		    err, EG_EINVAL, "it is another list: its sub (or id) is not this URI");
	if (claims->has_iss && !eg_span_eq(claims->iss, want->issuer))
		return eg_error_set(err, EG_EINVAL, "its issuer is not the list's");
	return 0;
}

static int check_times(const struct eg_statuslist_want *want,
    const struct eg_statuslist_claims *claims, struct eg_error *err)
{
	const int64_t now = (int64_t)want->now_s;

	if (!claims->has_iat || claims->iat_s <= 0)
		return eg_error_set(err, EG_EINVAL,
		    "it does not say when it was issued (iat, validFrom): an older list could take "
		    "its place");
	if (claims->iat_s > now + IAT_SKEW_S)
		return eg_error_set(err, EG_EINVAL, "its iat is %lld s in the future",
		    (long long)(claims->iat_s - now));
	if (claims->has_nbf && claims->nbf_s > now + IAT_SKEW_S)
		return eg_error_set(err, EG_EINVAL, "it is not valid for another %lld s",
		    (long long)(claims->nbf_s - now));
	if (claims->has_exp && now >= claims->exp_s)
		return eg_error_set(
		    err, EG_EINVAL, "it expired %lld s ago", (long long)(now - claims->exp_s));
	if (claims->has_ttl && claims->ttl_s < 1)
		return eg_statuslist_fault("ttl", "a positive number of seconds", err);
	return 0;
}

static int check_claims(const struct eg_statuslist_want *want,
    const struct eg_statuslist_claims *claims, struct eg_error *err)
{
	int rc = check_names(want, claims, err);

	if (rc == 0)
		rc = check_times(want, claims, err);
	if (rc != 0)
		return rc;
	if (!claims->has_list)
		return eg_error_set(err, EG_EINVAL, "there is no status list in it");
	if (claims->bits != want->bits)
		return eg_error_set(err, EG_EINVAL,
		    "its entries have %llu bits, those of the list have %u",
		    (unsigned long long)claims->bits, want->bits);
	return 0;
}

/* ── the bytes ── */

static size_t bytes_of(const struct eg_statuslist_want *want)
{
	return (size_t)(((uint64_t)want->entries * want->bits + 7) / 8);
}

/* Bits behind the last entry mean nothing; they must not come to mean something when the list
 * grows. */
static void clear_tail(const struct eg_statuslist_want *want, struct eg_inflated *raw)
{
	const unsigned used = (unsigned)((uint64_t)want->entries * want->bits % 8);

	if (used != 0 && raw->len == bytes_of(want))
		raw->bytes[raw->len - 1] &= (uint8_t)((1u << used) - 1);
}

static void reverse_bits(struct eg_inflated *raw)
{
	for (size_t i = 0; i < raw->len; i++) {
		unsigned b = raw->bytes[i];

		b = (b & 0xf0) >> 4 | (b & 0x0f) << 4;
		b = (b & 0xcc) >> 2 | (b & 0x33) << 2;
		raw->bytes[i] = (uint8_t)((b & 0xaa) >> 1 | (b & 0x55) << 1);
	}
}

static int take_bytes(enum eg_list_form form, const struct eg_statuslist_want *want,
    struct eg_span packed, struct eg_statuslist *out, struct eg_error *err)
{
	uint64_t stated;
	int rc = eg_inflate(packed, form == EG_LIST_W3C ? EG_INFLATE_GZIP : EG_INFLATE_ZLIB,
	    bytes_of(want), &out->raw, err);

	if (rc == -EG_ELIMIT)
		return eg_error_set(err, EG_ELIMIT,
		    "it has more than the %u entries of the list: see `list grow`", want->entries);
	if (rc != 0)
		return rc;
	if (form == EG_LIST_W3C)
		reverse_bits(&out->raw);
	clear_tail(want, &out->raw);
	stated = (uint64_t)out->raw.len * 8 / want->bits;
	out->entries = stated < want->entries ? (uint32_t)stated : want->entries;
	if (stated != 0)
		return 0;
	free(out->raw.bytes);
	return eg_error_set(err, EG_EINVAL, "its list is empty");
}

static int take_claims(enum eg_list_form form, const struct eg_statuslist_want *want,
    const struct eg_statuslist_claims *claims, struct eg_statuslist *out, struct eg_error *err)
{
	int rc = check_claims(want, claims, err);

	if (rc != 0)
		return rc;
	out->iat_s = (uint64_t)claims->iat_s;
	out->exp_s = claims->has_exp ? (uint64_t)claims->exp_s : 0;
	out->ttl_s = claims->has_ttl ? (uint64_t)claims->ttl_s : 0;
	return take_bytes(form, want, claims->packed, out, err);
}

static int take_payload(enum eg_list_form form, const struct eg_statuslist_want *want,
    struct eg_span payload, struct eg_statuslist *out, struct eg_error *err)
{
	uint8_t *text = malloc(payload.len + 1);
	struct eg_statuslist_claims claims = {.arena = {text, payload.len}};
	int rc;

	if (text == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to read it");
	if (form == EG_LIST_CWT)
		rc = eg_statuslist_claims_cwt(payload, &claims, err);
	else if (form == EG_LIST_W3C)
		rc = eg_statuslist_claims_w3c(payload, &claims, err);
	else
		rc = eg_statuslist_claims_jwt(payload, &claims, err);
	if (rc == 0)
		rc = take_claims(form, want, &claims, out, err);
	free(claims.decoded);
	free(text);
	return rc;
}

static int take_signed(enum eg_list_form form, const struct eg_statuslist_want *want,
    struct eg_span file, struct eg_statuslist *out, struct eg_error *err)
{
	struct eg_envelope envelope;
	struct eg_policy *types = malloc(sizeof(*types)); /* large */
	int rc;

	if (types == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to read it");
	allow_types(form, types);
	if (form == EG_LIST_CWT)
		rc = eg_envelope_open_cwt(file, types, &envelope, err);
	else
		rc = eg_envelope_open_jwt(file, types, &envelope, err);
	if (rc == 0)
		rc = check_signature(want, &envelope, err);
	if (rc == 0)
		rc = take_payload(form, want, envelope.payload, out, err);
	out->is_signed = rc == 0;
	eg_envelope_close(&envelope);
	free(types);
	return rc;
}

static int take_raw(const struct eg_statuslist_want *want, struct eg_span file,
    struct eg_statuslist *out, struct eg_error *err)
{
	if (file.len != bytes_of(want))
		return eg_error_set(err, EG_EINVAL,
		    "the list has %u entries of %u bits: %zu bytes, not %zu", want->entries,
		    want->bits, bytes_of(want), file.len);
	out->raw.bytes = malloc(file.len);
	if (out->raw.bytes == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %zu bytes", file.len);
	memcpy(out->raw.bytes, file.ptr, file.len);
	out->raw.len = file.len;
	out->entries = want->entries;
	clear_tail(want, &out->raw);
	return 0;
}

/* A Data Integrity proof would need RDF canonicalisation: it is not looked at. */
static int take_credential(const struct eg_statuslist_want *want, struct eg_span text,
    struct eg_statuslist *out, struct eg_error *err)
{
	if (!want->allow_unsigned)
		return eg_error_set(err, EG_EPERM,
		    "a credential as JSON: edgate does not check its proof. --unsigned imports it "
		    "on "
		    "your word, or import it as a JWT");
	return take_payload(EG_LIST_W3C, want, text, out, err);
}

/* Editors and printf put a line feed behind a text. */
static struct eg_span trimmed(struct eg_span text)
{
	while (text.len != 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL &&
	       text.ptr[text.len - 1] != '\0')
		text.len--;
	return text;
}

int eg_statuslist_read(enum eg_list_form form, struct eg_span file,
    const struct eg_statuslist_want *want, struct eg_statuslist *out, struct eg_error *err)
{
	const struct eg_span text = trimmed(file);

	*out = (struct eg_statuslist){0};
	switch (form) {
	case EG_LIST_RAW:
		return take_raw(want, file, out, err);
	case EG_LIST_CWT:
		return take_signed(form, want, file, out, err);
	case EG_LIST_JWT:
		return take_signed(form, want, text, out, err);
	case EG_LIST_W3C:
		if (text.len != 0 && text.ptr[0] == 'e')
			return take_signed(form, want, text, out, err);
		return take_credential(want, text, out, err);
	case EG_LIST_NONE:
		break;
	}
	return eg_error_set(err, EG_EINVAL, "no such form of a status list");
}
