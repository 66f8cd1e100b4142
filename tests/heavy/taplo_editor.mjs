// Asks taplo's language server (npm @taplo/lsp, the one inside Even Better TOML) what an editor shows and completes in a scenario.
//
//   node taplo_editor.mjs FOLDER SCENARIO      FOLDER has node_modules/@taplo/lsp, SCENARIO names its schema in its first line
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import url from "node:url";

const [folder, file] = process.argv.slice(2).map((name) => path.resolve(name));
const { TaploLsp } = createRequire(path.join(folder, "x.js"))("@taplo/lsp");
const editor = {
  now: () => new Date(),
  envVar: (name) => process.env[name],
  envVars: () => Object.entries(process.env),
  stdErrAtty: () => false,
  stdin: async () => new Uint8Array(),
  stdout: async (bytes) => bytes.length,
  stderr: async (bytes) => bytes.length,
  glob: () => [],
  readFile: async (name) => new Uint8Array(fs.readFileSync(name)),
  writeFile: async () => {},
  // Also of places that are no files: those inside taplo itself.
  urlToFilePath: (place) => decodeURI(place).slice("file://".length),
  isAbsolute: (name) => path.isAbsolute(name),
  cwd: () => path.dirname(file),
  findConfigFile: () => undefined,
  fetch: { fetch, Headers, Request, Response },
};
const settings = {
  schema: { enabled: true, associations: {}, catalogs: [], links: false, cache: {} },
  completion: { maxKeys: 5 },
  syntax: { semanticTokens: false },
  formatter: {},
  rules: [],
  taplo: { configFile: { enabled: false } },
};

const waiting = new Map();
let associated;
const ready = new Promise((done) => (associated = done));
const server = await TaploLsp.initialize(editor, {
  onMessage(message) {
    if (message.method === "workspace/configuration") {
      answer(message.id, message.params.items.map(() => settings));
    } else if (message.method === "taplo/didChangeSchemaAssociation") {
      associated();
    } else if (waiting.has(message.id)) {
      waiting.get(message.id)(message.error ?? message.result);
    }
  },
});
const answer = (id, result) => server.send({ jsonrpc: "2.0", id, result });
const tell = (method, params) => server.send({ jsonrpc: "2.0", method, params });
let asked = 0;
const ask = (method, params) =>
  new Promise((done) => {
    asked += 1;
    waiting.set(asked, done);
    server.send({ jsonrpc: "2.0", id: asked, method, params });
  });

const fail = (words) => {
  console.error(`failed: ${words}`);
  process.exit(1);
};
setTimeout(() => fail("the language server does not answer"), 60_000);

const uri = url.pathToFileURL(file).href;
const root = url.pathToFileURL(path.dirname(file)).href;
const text = fs.readFileSync(file, "utf8");
let version = 0;
const show = (content) => {
  version += 1;
  if (version === 1) tell("textDocument/didOpen", { textDocument: { uri, languageId: "toml", version, text: content } });
  else tell("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [{ text: content }] });
};
const place = (content, offset) => {
  const before = content.slice(0, offset);
  return { line: before.split("\n").length - 1, character: offset - (before.lastIndexOf("\n") + 1) };
};

// What is shown where the pointer rests on a key.
async function rests(key, ...wanted) {
  const position = place(text, text.indexOf(`\n${key}`) + 1);
  const shown = (await ask("textDocument/hover", { textDocument: { uri }, position }))?.contents?.value ?? "nothing";
  for (const words of wanted) if (!shown.includes(words)) fail(`resting on ${key} shows ${shown}, not ${words}`);
}

// What is offered at the end of a file that goes on with these lines.
async function offers(lines, ...wanted) {
  const content = text + lines;
  show(content);
  const position = place(content, content.length);
  const found = await ask("textDocument/completion", { textDocument: { uri }, position });
  const labels = (found?.items ?? found ?? []).map((item) => item.label);
  for (const label of wanted) if (!labels.includes(label)) fail(`after ${JSON.stringify(lines)} it offers ${labels.join(" ")}, not ${label}`);
}

const workspace = { configuration: true, workspaceFolders: true };
await ask("initialize", { processId: null, rootUri: root, workspaceFolders: [{ uri: root, name: "scenarios" }], capabilities: { workspace } });
tell("initialized", {});
show(text);
await ready;
await rests("total_writes", "Writes per level", "total_writes = 100000");
// At keys of lists (`concurrency`), taplo 0.8 shows nothing, whatever the schema says.
await rests("path", "The database file", 'path = "db/mine.db"');
await rests("share", "Parts of the mix", "Default: `0", "share = 10");
await offers("\n[database.pragmas]\n[operations.read]\n", "get", "share", "hit_ratio", "expect_rows");
await offers("\n[operations.read]\nkeys = ", '"zipfian"', '"latest"');
await offers("\n[tables.u]\n", "rows", "primary_key", "indexes");
await offers("\n[database.pragmas]\n", "journal_mode", "synchronous");
await offers("\n[retry]\n", "attempts", "jitter");
console.log("explained and completed: keys of a scenario in an editor");
process.exit(0);
