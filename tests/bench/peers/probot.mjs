// A Probot app as its documentation shows one, whose handler does nothing. Prints its port.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, path] = process.argv.slice(2);
const found = createRequire(`${folder}/package.json`).resolve("probot");
const { createNodeMiddleware, createProbot } = await import(pathToFileURL(found).href);
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const probot = createProbot({
  overrides: { appId: 1, privateKey, secret: process.env.ASSAY_BENCH_SECRET, logLevel: "fatal" },
});
const app = (bot) => {
  bot.on("pull_request", async () => {});
};
const middleware = await createNodeMiddleware(app, { probot, webhooksPath: path });
const server = createServer((request, response) => {
  middleware(request, response, () => response.writeHead(404).end());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
