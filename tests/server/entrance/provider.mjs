// A real OpenID provider on loopback, for tests: certified code, two people, and a switch that makes it lie.
//
// It reads its settings as one line of JSON and says `{"issuer": ...}` once it listens. POST /test sets
// `people` (their claims) and `lie`: what to put into the next ID tokens (`claims`), how to sign them
// (`sign`: "none", "HS256", "stranger"), which issuer the discovery document names (`issuer`), or that it is `down`.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as jose from "jose";
import Provider, { interactionPolicy } from "oidc-provider";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const told = await new Promise((resolve) => {
  createInterface({ input: process.stdin }).once("line", (line) => resolve(JSON.parse(line)));
});

const state = { people: told.people, lie: {}, asked: [] };
const key = await jose.generateKeyPair("RS256", { extractable: true });
const stranger = await jose.generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await jose.exportJWK(key.privateKey)), kid: "one", alg: "RS256", use: "sig" };

async function forge(token) {
  const { claims = {}, without = [], sign } = state.lie;
  const body = { ...jose.decodeJwt(token), ...claims };
  for (const name of without) delete body[name];
  if (sign === "none") return `${encode({ alg: "none", typ: "JWT" })}.${encode(body)}.`;
  if (sign === "HS256") {
    const said = `${encode({ alg: "HS256", kid: "one" })}.${encode(body)}`;
    const published = await jose.exportSPKI(key.publicKey);
    return `${said}.${createHmac("sha256", published).update(said).digest("base64url")}`;
  }
  return new jose.SignJWT(body)
    .setProtectedHeader({ alg: "RS256", kid: "one" })
    .sign((sign === "stranger" ? stranger : key).privateKey);
}

const server = createServer();
await new Promise((listening) => server.listen(told.port ?? 0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: told.client_id,
      client_secret: told.client_secret,
      redirect_uris: told.redirect_uris,
      post_logout_redirect_uris: told.post_logout_redirect_uris,
      grant_types: ["authorization_code", "refresh_token"],
      require_auth_time: true,
    },
  ],
  jwks: { keys: [jwk] },
  cookies: { keys: ["a key of a test"] },
  pkce: { required: () => true },
  scopes: ["openid", "profile", "offline_access"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "roles", "tid", "oid"] },
  conformIdTokenClaims: false,
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: {
    policy: interactionPolicy.base(),
    url: (_context, interaction) => `/interaction/${interaction.uid}`,
  },
  findAccount: (_context, id) =>
    state.people[id] && { accountId: id, claims: async () => ({ sub: id, ...state.people[id] }) },
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile offline_access");
    await grant.save();
    return grant;
  },
});

provider.use(async (context, next) => {
  if (context.path.startsWith("/interaction/") && context.method === "GET") {
    context.type = "html";
    context.body = `<!DOCTYPE html><html lang="en"><title>Council account</title><h1>Council account</h1>
      <form method="post"><label>Who are you? <input name="login"></label><button>Go on</button></form>`;
    return;
  }
  if (context.path === "/test") {
    Object.assign(state, JSON.parse(await read(context.req)));
    context.body = { asked: state.asked };
    return;
  }
  if (context.path.startsWith("/interaction/")) {
    const login = new URLSearchParams(await read(context.req)).get("login");
    const result = login ? { login: { accountId: login } } : { error: "access_denied" };
    context.redirect(await provider.interactionResult(context.req, context.res, result));
    context.status = 303;
    return;
  }
  if (state.lie.down) {
    context.status = 503;
    return;
  }
  if (context.path === "/auth") state.asked.push(Object.fromEntries(new URLSearchParams(context.search)));
  await next();
  if (context.path === "/token" && context.body?.id_token) {
    context.body.id_token = await forge(context.body.id_token);
  }
  if (context.path.endsWith("/openid-configuration") && state.lie.issuer) {
    context.body = { ...context.body, issuer: state.lie.issuer };
  }
});

async function read(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

server.on("request", provider.callback());
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
