/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first four are of RFC 8032 7.1; the others are rows of tests/vectors/ed25519-families.tsv.
 * tests/oracle/test_ed25519_ref.py reads this table and asks the reference about each.
 */
#include "eg_ed25519_selftest.h"
#include "eg_ed25519_table.h"
#include "eg_pages.h"

#include <sodium.h>

#define MSG_MAX 256u

/* The smallest tables with centred digits and with plain ones. */
#define PRIME_BITS 6u
#define MIXED_BITS 8u

struct answer {
	const char *id;
	bool valid;
	const char *public, *msg, *sig; /* hex */
};

/* clang-format off */
static const struct answer answers[] = {
    {"rfc8032-1", true,
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"rfc8032-2", true,
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"rfc8032-3", true,
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"rfc8032-4", true,
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
        "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
    {"small-order-A", false,
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "abab40b75aa680ad64a6f67f346f8f1df7ce63bfe565e1a6",
        "37fa0ff89cfb68302f551bacbed4e175fe2e32d3707c7b1e8d9600d573f77c79"
        "74aca4b2e3af21dd33e84a386c60ef96bc419583510b8fc59fad8f3c678fed0c"},
    {"small-order-A-noncanonical", false,
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ec37a4d9b30d4507f45e6b1ec0f94c61026b912a860d166d",
        "4464d91f95a67deaa908f76cb413089e6a40fe63acf0b1d470f25d070a8a2f74"
        "f2714dc87c3c72816b0ef1105ece95096b1cebe1b8fb419e07ec999d3361b305"},
    {"small-order-R", false,
        "db44694916fd44160e47e497212e574e69bedc7db8a4f7827558032f40d66996",
        "72913cb9345dfd76db92c084080513c1",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
        "bbe0dab056b20b465d3b01b4e85a5dd61cc2236c85b54dd0063a619e0bcc570b"},
    {"noncanonical-A", false,
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "df16f925bd7dc7701c670a6f",
        "3e4b9f01ab751356691bab2be11fdc6675237f7f00f6995a9365bdf2e4530401"
        "fba692aa74f2b198861dbaddb1198f197699526cbc0bbaa3464fe00cec2a650a"},
    {"noncanonical-R", false,
        "5edd5aa448f0750c7e07a2bcbb16c2651df05e35a5aefbd4483da6c23261b651",
        "df16f925bd7dc7701c670a6f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        "902fa6399b0c762a40a836c737bfa9416485f4ce34bd436c6826befd62cbb903"},
    {"A-not-on-curve", false,
        "686e3245c6c02100d57f015acccf493fc10f79bb733a63212b2fe8829419d242",
        "d3aa81ab1000635bc4a75a22",
        "5866666666666666666666666666666666666666666666666666666666666666"
        "0100000000000000000000000000000000000000000000000000000000000000"},
    {"R-not-on-curve", false,
        "5edd5aa448f0750c7e07a2bcbb16c2651df05e35a5aefbd4483da6c23261b651",
        "d3aa81ab1000635bc4a75a22",
        "686e3245c6c02100d57f015acccf493fc10f79bb733a63212b2fe8829419d242"
        "f131131bb3800a69f6e63286d12bbd2ad70b8b63d5a288c82be7e59da2a23300"},
    {"S-plus-L", false,
        "43d7073e4c004dfab4829a3cd69c63a8427d1951be9ee9f158df443704402f12",
        "6be0da539e6aab31d154ab2a3d68e90f472d82a1e11915a5a2642d1e51ed",
        "d209c306b27035909ed25b22a30b571caf9c2f01abe9b84a4cb15bc2e72189cf"
        "5c4403e93eb6fe8add181422c3b098e0fde75543f6a80f2f66ddb3bdd0f2c41a"},
    {"S-is-L", false,
        "43d7073e4c004dfab4829a3cd69c63a8427d1951be9ee9f158df443704402f12",
        "6be0da539e6aab31d154ab2a3d68e90f472d82a1e11915a5a2642d1e51ed",
        "d209c306b27035909ed25b22a30b571caf9c2f01abe9b84a4cb15bc2e72189cf"
        "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"},
    {"S-high-bit", false,
        "43d7073e4c004dfab4829a3cd69c63a8427d1951be9ee9f158df443704402f12",
        "6be0da539e6aab31d154ab2a3d68e90f472d82a1e11915a5a2642d1e51ed",
        "d209c306b27035909ed25b22a30b571caf9c2f01abe9b84a4cb15bc2e72189cf"
        "6f700d8c2453ec32077c1c7fe4b6b9cbfde75543f6a80f2f66ddb3bdd0f2c48a"},
    {"S-short", true,
        "43d7073e4c004dfab4829a3cd69c63a8427d1951be9ee9f158df443704402f12",
        "9c7d5f8a1bff669b",
        "0795fec2a6759d84c752929c4d3969f8e8996204508df7af49483537fd5fffea"
        "1a96693873ba3b2489098765dfe00618cf21a0da7b624be8fdde4340c63f3400"},
    {"mixed-A", true,
        "4c4fab615385808959020855b727cc42a18503d971c8635d6cfb59fac4a9d0c2",
        "fdd04506cd9c4684be01763fb0bab5d7d3e1fb45a02c1124",
        "1501a7c58b37a8ad64c7d72cfd3542873cba4a9dc13c1505b954ea5bd1807560"
        "544ac394fae81898e6feba25b4ab220bf3a5891e92725d95a67682af0f78880c"},
    {"mixed-A-torsion-stays", false,
        "4c4fab615385808959020855b727cc42a18503d971c8635d6cfb59fac4a9d0c2",
        "13ee66f25d7a328eab9e7acae0094f55fc3f78053f50c45b",
        "94439cb74429095ef38caa4578cf621468f5a86fac6148e390934da1ab7f31cd"
        "09c388eecdb1ae88585d7ad113bb9ae2fe2316ea39a43a0fe57a5d9b37dacd0c"},
    {"mixed-A-order-2", true,
        "7e926a655693ccddd7f299291115b60c5aaa00a374b3e0bda15d24459a4749c1",
        "7a10fd0c2da5eee8e1a9630015ae41ef19dded6548e6d8a9",
        "c235e39c9bfb5625206005e292b6e3d8703d870b53a62037aef9801f42a76e2f"
        "e1abe1281d8fb895c06749d746b60a4448b5aecb4ab6aa8bae4971124a186e08"},
    {"mixed-A-mixed-R", true,
        "54ff3aaf38889628631c7e05a0b8374750c715b1e3b5cb5a316a981a51f0175d",
        "f3dc6bedc1de018ba990452ee66f91939d42c722553f2746",
        "dd9c49a2aa4feac6e3d58a7ddc367542d5bdb2267aadd523c11858b9c154a493"
        "ed5176cca94328bfac16ad1eb98cefe12731831737bc6c180fa3954894d7720c"},
    {"mixed-A-mixed-R-torsion-stays", false,
        "54ff3aaf38889628631c7e05a0b8374750c715b1e3b5cb5a316a981a51f0175d",
        "785c95634271eff88d9ac89b849e9a6a9fb38e083bf8eacc",
        "e572de845a8c1c43c2bc71f625a7975d0ef236b929dd05c8c993617badd5c254"
        "51dc29cda56767283a41edfb5b359356fc4b0a2357e24940cfed413158ff3109"},
    {"mixed-R", false,
        "6f6d959aa96c3322280d66d6eeea49f3a555ff5c8b4c1f425ea2dbba65b8b63e",
        "0160dc7cb8e219a2dd8a5e4b1be664f2f47696cf4f66db6a",
        "d8362291b4748050583c1e904ca0afc2059cbe9c4ee82e552ac8094d112e1a88"
        "f4c17ccaedb858ebc7c6d85443250752bdd9056938b6e53f1482ffd700553a0a"},
    {"A-is-B", true,
        "5866666666666666666666666666666666666666666666666666666666666666",
        "3fe25b7f59c4b2f483",
        "58666666666666666666666666666666666666666666666666666666666666e6"
        "5be935361410e0c0574e00d0f6df9432446cb97238cd52c7dcd5161dc1e51400"},
    {"A-is-minus-B", true,
        "58666666666666666666666666666666666666666666666666666666666666e6",
        "c300d9b1c30ade3d0e",
        "5866666666666666666666666666666666666666666666666666666666666666"
        "492c997ae8606dabeb9dfd88d32faf3ad8bfc0c091a5e4822e503b2286ae3009"},
    {"message-47", true,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "cbc25e944419991d2b44017874be15a568661d361becbc7ac4694cf96de3af477832fda12be9b457"
        "dff96e4dea9d15",
        "1a1bc23e2f46d1d018d34a207c4cfb6192f1747083032c4806b21c121d48e31f"
        "830c5ff26351741bc32f94e37fd7a8d01fd244f0c3a8f4bbafa3de802ea0cb0e"},
    {"message-48", true,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "8381599ca90675779cc7ebf5866cf576d3d013d6414f5b3f8647b30655de46f6c143fe106acd0350"
        "96f2b89fe0b6feb7",
        "a367dfb8d627be5dfcdd872e58839a45a81b973baf3ef1ac8e48ce74bc5bb3bb"
        "62cd707953db68335e4d3724fe8c668aa53eef00c21fa64af6bd67290f9dd203"},
    {"message-111", true,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "3f55a3d8adbb692db69546289dce9e3fa13c1f4fd7e17face32f0ce9028562fd248c6feec72a2b58"
        "26b5d981e7a240a762604022041fd557e43998ca41a33a5ef0ad532368c58b7bf6188b76994f163e"
        "1b39a3b2a2d31a64038f3b634d32691b8099f4162bef4a50331063ba1763eb",
        "2c3a344d4868d5c6689d9e317cc5bd258e5131083d7bdbfd9501f2993fbcf214"
        "84be904ab0f60515ec37458459af4cb0ed9322e4baab7ce9f0bb351283bcb503"},
    {"message-175", true,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "0cf70e7968b9b90d8e0bc05af32108e887b5d455aee1acfb091939b332ad3bfb629bce86b33f5820"
        "f8143f43ed45735455c24fdfc9cb95a32b504828a092698480cb7e8474294f1f037120dc19d6fb97"
        "4ff78aada0ad467896f7f1b28d7ebeee5f1e1524a0da5d9edf663e6df2cffde84d9a8e2bf080ec24"
        "b30627e598e37ea3784dc568411b20ae232f0d92f5b3df6bb5d1fbd7db067b65afdce565c74a60e2"
        "dab55b1f713f4b7f9454cd71ecef50",
        "14064d26557d7b3d89f1ef1630d4ea18e19490e270fc5a5d84287db00fca1e1b"
        "324fe45412b0a0cadc5c91509e924e2824e36ec6ded971d8628c8eceaec80008"},
    {"message-176", true,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "522f2ed0ddec2c7bd2077c056681ba13f6bfddb053a6d68961e5d5ba48fb781e468fc87996a8e607"
        "0aa2052c792709671ef0ac2460e8450d5a2630866b9fa86cf2ed789bf0d5f398492d6498b09c2601"
        "a718522b3f791015dbb0391164811c28bc14b9df6e150fccb028ace49eafadd9ad9163b0efceda46"
        "cd0036172df49f6cbefd5441a0550135bac61c53f346e2b42263a75f828b3cfbe6c6f36a4b9f938b"
        "a3537f0f80a40f212b19f04fb7aa62e3",
        "97d2941c80516bb56ac0ef70979b2758aebfa00dbe058f12157545afbdcb5e59"
        "2c0630f5dd7148567172d61d6167d421e79a7b945b2247062feb151ee6b90507"},
    {"message-changed", false,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "cbc25e944419991d2b44017874be15a568661d361becbc7ac4694cf96de3af477832fda12be9b457"
        "dff96e4dea9d95",
        "1a1bc23e2f46d1d018d34a207c4cfb6192f1747083032c4806b21c121d48e31f"
        "830c5ff26351741bc32f94e37fd7a8d01fd244f0c3a8f4bbafa3de802ea0cb0e"},
    {"message-longer", false,
        "079174231455575a6be7b6d00a85ef98b3f556f354626f8de82c7dcea87c0636",
        "cbc25e944419991d2b44017874be15a568661d361becbc7ac4694cf96de3af477832fda12be9b457"
        "dff96e4dea9d1500",
        "1a1bc23e2f46d1d018d34a207c4cfb6192f1747083032c4806b21c121d48e31f"
        "830c5ff26351741bc32f94e37fd7a8d01fd244f0c3a8f4bbafa3de802ea0cb0e"},
    {"bit-of-R", false,
        "c182182633c849641c3851a4f486103bf141b73ab3f309ff77a8777134961436",
        "bb6ffb24c1522ee4492d1c8406f9525289f33eb670621c7e09248f8b78b3fb2df01e3ed504e5561c",
        "b5c279a67ac85bcb0e7e45832e9265024762dab78b67363d04ede317fe49893f"
        "1cb6edfc937eeb9436c16b94cd80a732d89c0c0b0dde3f6f6c547010b47aa106"},
    {"bit-of-S", false,
        "c182182633c849641c3851a4f486103bf141b73ab3f309ff77a8777134961436",
        "bb6ffb24c1522ee4492d1c8406f9525289f33eb670621c7e09248f8b78b3fb2df01e3ed504e5561c",
        "b5c279a67ac85bcb0e7e45872e9265024762dab78b67363d04ede317fe49893f"
        "1cb6edfc937eeb9436c16b94cd81a732d89c0c0b0dde3f6f6c547010b47aa106"},
    {"bit-of-A", false,
        "c182182633c849641c3851a4e486103bf141b73ab3f309ff77a8777134961436",
        "bb6ffb24c1522ee4492d1c8406f9525289f33eb670621c7e09248f8b78b3fb2df01e3ed504e5561c",
        "b5c279a67ac85bcb0e7e45872e9265024762dab78b67363d04ede317fe49893f"
        "1cb6edfc937eeb9436c16b94cd80a732d89c0c0b0dde3f6f6c547010b47aa106"},
    {"R-sign-bit", false,
        "5866666666666666666666666666666666666666666666666666666666666666",
        "e3ea5cb6cc4bc38668",
        "d9c41929c3035e07013c15cf62d26f0ba546aa14bee549c15652de5bdee93cdc"
        "fc884fed36319a982c40c390dec0fa86bf8347692db98b7c3dd3aaa6cf77f501"},
    {"zeros", false,
        "0000000000000000000000000000000000000000000000000000000000000000",
        "",
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000"},
};
/* clang-format on */

#define ANSWER_CNT (sizeof(answers) / sizeof(answers[0]))

struct known { /* the answers as jobs, and the jobs again in the order of one batch */
	struct eg_ed25519_key key[ANSWER_CNT];
	uint8_t msg[ANSWER_CNT][MSG_MAX], sig[ANSWER_CNT][EG_ED25519_SIGNATURE_BYTES];
	struct eg_ed25519_job job[ANSWER_CNT], batch[ANSWER_CNT];
	struct eg_pages tables[ANSWER_CNT];
};

/* The bytes of a hex text that fits; it is our own and well formed. */
static uint32_t bytes_of(uint8_t *out, size_t room, const char *hex)
{
	size_t len = 0;

	(void)sodium_hex2bin(out, room, hex, strlen(hex), NULL, &len, NULL);
	return (uint32_t)len;
}

/* The keys are taken as they stand: some are ones that eg_ed25519_key_init would refuse. */
static void prepare(struct known *known)
{
	for (size_t i = 0; i < ANSWER_CNT; i++) {
		struct eg_ed25519_job *job = &known->job[i];

		(void)bytes_of(known->key[i].bytes, sizeof(known->key[i].bytes), answers[i].public);
		(void)bytes_of(known->sig[i], sizeof(known->sig[i]), answers[i].sig);
		job->key = &known->key[i];
		job->msg = known->msg[i];
		job->msg_bytes = bytes_of(known->msg[i], sizeof(known->msg[i]), answers[i].msg);
		job->sig = known->sig[i];
	}
}

/* Jobs start … start + cnt − 1, round the end, as one batch. */
static int check_batch(const struct eg_ed25519_impl *impl, struct known *known, size_t start,
    unsigned cnt, struct eg_error *err)
{
	bool ok[ANSWER_CNT];

	for (unsigned i = 0; i < cnt; i++) {
		known->batch[i] = known->job[(start + i) % ANSWER_CNT];
		ok[i] = !answers[(start + i) % ANSWER_CNT].valid;
	}
	eg_ed25519_verify(impl, known->batch, cnt, ok);
	for (unsigned i = 0; i < cnt; i++) {
		const struct answer *answer = &answers[(start + i) % ANSWER_CNT];

		if (ok[i] != answer->valid)
			return eg_error_set(err, EG_ECORRUPT,
			    "Ed25519 '%s': %s the known answer '%s' (number %u of %u): this CPU or "
			    "this build cannot be trusted with signatures",
			    impl->name, answer->valid ? "refuses" : "accepts", answer->id, i + 1,
			    cnt);
	}
	return 0;
}

static int check_all(const struct eg_ed25519_impl *impl, struct known *known, struct eg_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < ANSWER_CNT && rc == 0; i++)
		rc = check_batch(impl, known, i, 1, err);
	for (size_t start = 0; start < impl->lanes && rc == 0; start++)
		rc = check_batch(impl, known, start, ANSWER_CNT, err);
	return rc;
}

/* A table for each key that admits one. */
static int add_tables(struct known *known, struct eg_error *err)
{
	for (size_t i = 0; i < ANSWER_CNT; i++) {
		struct eg_ed25519_key *key = &known->key[i];
		enum eg_ed25519_point kind = eg_ed25519_classify(key->bytes);
		unsigned bits = kind == EG_ED25519_POINT_PRIME ? PRIME_BITS : MIXED_BITS;
		int rc;

		if (!eg_ed25519_table_allows(kind, bits))
			continue;
		known->tables[i] = eg_pages_alloc(eg_ed25519_table_bytes(bits));
		if (known->tables[i].mem == NULL)
			return eg_error_set(err, EG_ENOMEM, "Ed25519: no memory for a table");
		rc = eg_ed25519_table_build(known->tables[i].mem, key->bytes, bits, err);
		if (rc != 0)
			return rc;
		key->table = known->tables[i].mem;
	}
	return 0;
}

int eg_ed25519_selftest(const struct eg_ed25519_impl *impl, struct eg_error *err)
{
	struct known known = {0};
	int rc;

	prepare(&known);
	rc = check_all(impl, &known, err);
	if (rc == 0)
		rc = add_tables(&known, err);
	if (rc == 0)
		rc = check_all(impl, &known, err);
	for (size_t i = 0; i < ANSWER_CNT; i++)
		eg_pages_free(&known.tables[i]);
	return rc;
}
