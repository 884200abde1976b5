// Reads a page of the documentation: its blocks of code with what the comments before them ask for,
// its links, its headings, and the code within its sentences.

import GithubSlugger from "github-slugger";
import { fromMarkdown } from "mdast-util-from-markdown";

/** Languages of blocks whose commands the tests run. */
export const RUN_LANGUAGES = ["bash", "console", "python", "sql"] as const;

/** Languages of blocks that are there to be read. */
const READ_LANGUAGES = ["yaml", "json", "text"];

/** A language that is run. */
export type RunLanguage = typeof RUN_LANGUAGES[number];

/** What the comments before a block say of it. */
export interface Directives {
  /** Why the block cannot be run in the tests. */
  readonly notRun?: string;
  /** What is run in the block's place. */
  readonly runAs?: string;
  /** What is run before it; a server among it stays up until the block is over. */
  readonly before?: string;
  /** What the last command has to end with; 0 when nothing is said. */
  readonly exitCode?: number;
  /** Runs in a copy of the project, as in a clone. */
  readonly inClone?: true;
}

/** A block of code. */
export interface DocBlock {
  /** Path of the page, relative to the project. */
  readonly page: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** `text` when the fence names none. */
  readonly language: string;
  readonly text: string;
  readonly directives: Directives;
}

/** A link to something in the project. */
export interface DocLink {
  readonly line: number;
  readonly target: string;
}

/** Code within a sentence or a table. */
export interface InlineCode {
  readonly line: number;
  readonly text: string;
}

/** A page. */
export interface DocPage {
  readonly path: string;
  readonly blocks: readonly DocBlock[];
  readonly links: readonly DocLink[];
  /** Names by which its headings are linked to. */
  readonly anchors: ReadonlySet<string>;
  readonly inlineCodes: readonly InlineCode[];
  /** What is wrong with it, each with its line. */
  readonly faults: readonly string[];
}

/** What of Markdown's syntax tree is looked at. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly lang?: string | null;
  readonly url?: string;
  readonly children?: readonly Node[];
  readonly position?: { readonly start: { readonly line: number } };
}

/** Reads a page; what is wrong with it stands in `faults`. */
export function readPage(path: string, markdown: string): DocPage {
  const blocks: DocBlock[] = [];
  const links: DocLink[] = [];
  const anchors = new Set<string>();
  const inlineCodes: InlineCode[] = [];
  const faults: string[] = [];
  const slugger = new GithubSlugger();

  const visit = (node: Node): void => {
    const line = node.position?.start.line ?? 0;
    if (node.type === "heading") anchors.add(slugger.slug(textOf(node)));
    if (node.type === "inlineCode") inlineCodes.push({ line, text: node.value ?? "" });
    if ((node.type === "link" || node.type === "image") && node.url !== undefined) {
      links.push({ line, target: node.url });
    }
    if (node.type === "html") {
      for (const [, target] of (node.value ?? "").matchAll(/\b(?:src|href|srcset)="([^"]+)"/g)) {
        links.push({ line, target: target! });
      }
    }
    for (const [index, child] of (node.children ?? []).entries()) {
      if (child.type === "code") {
        const comments = commentsBefore(node.children!, index);
        const block = { page: path, line: child.position?.start.line ?? 0 };
        blocks.push(readBlock(child, { ...block, comments, faults }));
      }
      visit(child);
    }
  };
  visit(fromMarkdown(markdown) as Node);
  return { path, blocks, links, anchors, inlineCodes, faults };
}

function textOf(node: Node): string {
  return node.value ?? (node.children ?? []).map(textOf).join("");
}

/** The comments that stand directly before a child, in their order. */
function commentsBefore(children: readonly Node[], index: number): string[] {
  const comments: string[] = [];
  for (let at = index - 1; at >= 0 && children[at]!.type === "html"; at--) {
    const found = [...(children[at]!.value ?? "").matchAll(/<!--([^]*?)-->/g)];
    comments.unshift(...found.map(([, comment]) => comment!.trim()));
  }
  return comments;
}

function readBlock(
  node: Node,
  of: {
    readonly page: string;
    readonly line: number;
    readonly comments: readonly string[];
    readonly faults: string[];
  },
): DocBlock {
  const { page, line, comments, faults } = of;
  const language = node.lang ?? "text";
  const text = node.value ?? "";
  const fault = (what: string) => faults.push(`${page}:${line}: ${what}`);
  const isRun = (RUN_LANGUAGES as readonly string[]).includes(language);
  if (!isRun && !READ_LANGUAGES.includes(language)) {
    fault(`a block of "${language}" is neither run nor known as text`);
  }
  if (!isRun && /^(\$ |lakekeeper-ingest |\.\/lakekeeper-ingest |docker |npx )/m.test(text)) {
    fault("a block with commands is in bash or console");
  }
  const directives: { -readonly [K in keyof Directives]: Directives[K] } = {};
  for (const comment of comments) {
    const [, name, value] = /^([a-z ]+?):\s*([^]*)$/.exec(comment) ?? [];
    if (value === undefined || value === "") {
      fault(`the comment "${comment}" is none that is known`);
    } else if (name === "not run") directives.notRun = value;
    else if (name === "run as") directives.runAs = value;
    else if (name === "before") directives.before = value;
    else if (name === "exit code" && /^\d+$/.test(value)) directives.exitCode = Number(value);
    else if (name === "in" && value === "clone") directives.inClone = true;
    else fault(`the comment "${comment}" is none that is known`);
  }
  if (comments.length > 0 && !isRun) fault("a block that is not run has no comments");
  if (directives.notRun !== undefined && comments.length > 1) {
    fault("a block that is not run needs no other comment");
  }
  if (isRun && text.trim() === "") fault("the block is empty");
  return { page, line, language, text, directives };
}

/** A command of a `console` block, and what it prints there. */
export interface ShownCommand {
  readonly command: string;
  /** Undefined when nothing is shown. */
  readonly output?: string;
}

/** Commands of a `console` block: they follow `$ `, and what they print follows them. */
export function readConsole(text: string): ShownCommand[] {
  const shown: { command: string; output: string[] }[] = [];
  let isCommand = false;
  for (const line of text.split("\n")) {
    const last = shown.at(-1);
    if (line.startsWith("$ ")) shown.push({ command: line.slice(2), output: [] });
    else if (isCommand && last !== undefined) last.command += `\n${line}`;
    else if (last !== undefined) last.output.push(line);
    else throw new Error(`Cannot read the console block: "${line}" stands before any command`);
    isCommand = (line.startsWith("$ ") || isCommand) && line.endsWith("\\");
  }
  return shown.map(({ command, output }) => ({
    command,
    ...(output.length === 0 ? {} : { output: output.join("\n").trimEnd() }),
  }));
}

/**
 * Commands of a `bash` block: a line each, with those that continue it; a loop or a condition is one
 * command, and so is what follows an `export`, which would be forgotten by the next one. Comments are
 * left out.
 *
 * @throws {Error} when the last command does not end.
 */
export function readCommands(text: string): string[] {
  const commands: string[] = [];
  let open = "";
  let depth = 0;
  let heredocEnd: string | undefined;
  for (const line of text.split("\n")) {
    if (open === "" && (line.trim() === "" || line.trimStart().startsWith("#"))) continue;
    open += open === "" ? line : `\n${line}`;
    if (heredocEnd === undefined) {
      depth += /^\s*(for|while|until|if|case)\b/.test(line) ? 1 : 0;
      depth -= /(^|[\s;])(done|fi|esac)\s*$/.test(line) ? 1 : 0;
      heredocEnd = /<<-?\s*'?(\w+)'?/.exec(line)?.[1];
    } else if (line.trim() === heredocEnd) heredocEnd = undefined;
    const goesOn = line.endsWith("\\") || /^export\b/.test(line);
    if (heredocEnd !== undefined || depth > 0 || goesOn) continue;
    commands.push(open);
    open = "";
  }
  if (open !== "") throw new Error(`Cannot read the block: "${open}" does not end`);
  return commands;
}

/** The commands of a block, whatever its language. */
export function commandsOf(block: Pick<DocBlock, "language" | "text">): ShownCommand[] {
  if (block.language === "console") return readConsole(block.text);
  return readCommands(block.text).map((command) => ({ command }));
}
