// Parses a file with Mermaid and prints the kind of diagram: node parse.mjs FILE. Exit code 1 where Mermaid refuses it.
import fs from "node:fs";
import { JSDOM } from "jsdom";

globalThis.window = new JSDOM("").window; // before Mermaid is loaded: it sanitizes labels by the DOM
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
console.log((await mermaid.parse(fs.readFileSync(process.argv[2], "utf8"))).diagramType);
