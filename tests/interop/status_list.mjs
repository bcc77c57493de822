// SPDX-License-Identifier: BSD-3-Clause
// Status list tokens with the npm package @sd-jwt/jwt-status-list.
// usage: node status_list.mjs make PRIVATE.jwk CLAIMS_JSON BITS VALUES_JSON    prints the token
//        node status_list.mjs read FILE                                        prints {bits, values}
import { readFileSync } from 'node:fs';
import { StatusList, createHeaderAndPayload, getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import { SignJWT, importJWK } from 'jose';

const [, , verb, path, claims, bits, values] = process.argv;
if (verb === 'make') {
  const jwk = JSON.parse(readFileSync(path, 'utf8'));
  const list = new StatusList(JSON.parse(values), Number(bits));
  const made = createHeaderAndPayload(list, JSON.parse(claims), { alg: 'EdDSA', kid: jwk.kid });
  console.log(await new SignJWT(made.payload).setProtectedHeader(made.header)
    .sign(await importJWK(jwk, 'EdDSA')));
} else {
  const list = getListFromStatusListJWT(readFileSync(path, 'utf8'));
  const all = Array.from({ length: list.statusList.length }, (_, i) => list.getStatus(i));
  console.log(JSON.stringify({ bits: list.getBitsPerStatus(), values: all }));
}
