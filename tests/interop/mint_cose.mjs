// SPDX-License-Identifier: BSD-3-Clause
// Mints a CWT with the npm package @auth0/cose and its CBOR encoder.
// usage: node mint_cose.mjs PRIVATE.jwk CLAIMS_JSON [protected]     prints hex; kid unprotected by default
import { readFileSync } from 'node:fs';
import { Algorithms, Headers, ProtectedHeaders, Sign1, UnprotectedHeaders } from '@auth0/cose';
import { Encoder } from 'cbor-x';
import { importJWK } from 'jose';

// What an issuer has to say to cbor-x for CBOR that is strict: docs/tokens.md.
const cbor = new Encoder({ useTag259ForMaps: false, tagUint8Array: false, variableMapSize: true,
  useRecords: false, mapsAsObjects: false });
const KEYS = { iss: 1, sub: 2, aud: 3, exp: 4, nbf: 5, iat: 6, cti: 7, cnf: 8, status: 65535 };

const [, , path, claims, where] = process.argv;
const jwk = JSON.parse(readFileSync(path, 'utf8'));
const kid = Buffer.from(jwk.kid);
const payload = new Map(Object.entries(JSON.parse(claims)).map(
  ([name, value]) => [KEYS[name] ?? name, name === 'cti' ? Buffer.from(value) : value]));
const isProtected = where === 'protected';
const token = await Sign1.sign(
  new ProtectedHeaders([[Headers.Algorithm, Algorithms.EdDSA],
    ...(isProtected ? [[Headers.KeyID, kid]] : [])]),
  new UnprotectedHeaders(isProtected ? [] : [[Headers.KeyID, kid]]),
  cbor.encode(payload), await importJWK(jwk, 'EdDSA'));
console.log(Buffer.from(token.encode()).toString('hex'));
