/**
 * `history.jsonl`: a history as a file, one JSON object a line. Written while a probe runs, so that a
 * probe that is killed leaves what it had seen; read back line by line, whoever wrote it.
 */
// deno-lint-ignore-file camelcase -- fields are named as the file has them
import { InputError } from "../errors.ts";
import { type EndRecord, HISTORY_FORMAT, HISTORY_VERSION, type HistoryRecord } from "./history.ts";
import { isKnownType, readShape } from "./record_shapes.ts";

/** Characters that are kept back before they are written. */
const BUFFER_CHARS = 64 * 1024;

/**
 * Takes records and writes them as lines. Adding one never waits, so that writing does not slow the
 * race; a failure to write is thrown by the next `flush` or `end`.
 */
export class HistorySink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #lines: string[] = [];
  #chars = 0;
  #records = 0;
  #written: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  /**
   * Writes to a stream, which it locks until `end`.
   *
   * @param target is closed by `end`
   */
  constructor(target: WritableStream<Uint8Array>) {
    this.#writer = target.getWriter();
    // A failure is thrown where it is asked for, and must not end the program before.
    this.#writer.closed.catch(() => {});
  }

  /** Records so far. */
  get records(): number {
    return this.#records;
  }

  /** Takes a record. */
  add(record: HistoryRecord): void {
    const line = `${JSON.stringify(record)}\n`;
    this.#lines.push(line);
    this.#chars += line.length;
    this.#records++;
    if (this.#chars >= BUFFER_CHARS) this.#push();
  }

  /** Waits until all that was added is written. Throws what the target threw. */
  async flush(): Promise<void> {
    this.#push();
    await this.#written;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Writes the last line, and closes the target. Throws what the target threw. */
  async end(timeUs: number): Promise<void> {
    const last: EndRecord = { type: "end", time_us: timeUs, records: this.#records };
    this.add(last);
    await this.flush();
    await this.#writer.close();
  }

  #push(): void {
    if (this.#lines.length === 0) return;
    const bytes = this.#encoder.encode(this.#lines.join(""));
    this.#lines = [];
    this.#chars = 0;
    this.#written = this.#written.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await this.#writer.write(bytes);
      } catch (error) {
        this.#failure = { error };
      }
    });
  }
}

/** Where a history is read from, for messages. */
export interface ReadHistoryOptions {
  /** Name of the file. @default {"history"} */
  readonly name?: string;
}

/**
 * Reads a history. Records of unknown types are left out. A history that was cut, be it in the middle
 * of a line, is read as far as it goes; it has no end record then.
 *
 * @throws {InputError} naming the line, when it is no history, is of a newer version, or a line is
 * not what it should be.
 */
export async function* readHistory(
  bytes: ReadableStream<Uint8Array>,
  { name = "history" }: ReadHistoryOptions = {},
): AsyncGenerator<HistoryRecord> {
  let line = 0;
  for await (const { text, isWhole } of linesOf(bytes)) {
    line++;
    const wrong = (why: string, cause?: unknown) =>
      new InputError(`Cannot read "${name}": line ${line}: ${why}`, {
        place: { file: name, line },
        ...(cause === undefined ? {} : { cause }),
      });
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      // The last line of a history that was cut.
      if (!isWhole && line > 1) return;
      throw wrong(
        line === 1 ? "it is not JSON, so this is no history of a probe" : "not JSON",
        error,
      );
    }
    const type = typeOf(value);
    if (line === 1) checkHeader(value, wrong);
    if (type === undefined) throw wrong('it has no "type"');
    if (!isKnownType(type)) continue;
    const read = readShape(type, value);
    if ("fault" in read) throw wrong(`${type}: ${read.fault}`);
    const { record } = read;
    if (record.type === "end" && record.records !== line - 1) {
      throw wrong(
        `it says that ${record.records} lines stand before it, and ${line - 1} do: ` +
          "lines were taken out or put in",
      );
    }
    yield record;
    if (record.type === "end") return;
  }
  if (line === 0) throw new InputError(`Cannot read "${name}": it is empty`);
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  return typeof value.type === "string" ? value.type : undefined;
}

/** Says so when the file is no history, or of a version of which nothing else can be expected. */
function checkHeader(value: unknown, wrong: (why: string) => InputError): void {
  const header = value as Record<string, unknown> | null;
  if (typeOf(value) !== "header" || header?.format !== HISTORY_FORMAT) {
    throw wrong(`this is no history of a probe: it does not begin with a ${HISTORY_FORMAT} header`);
  }
  const { version } = header;
  if (typeof version === "number" && version > HISTORY_VERSION) {
    throw wrong(
      `the history is of version ${version}, and this tool reads up to ${HISTORY_VERSION}: ` +
        "take a newer release",
    );
  }
}

/** Lines without their ends; the last one may lack it. Blank lines are left in, so that all count. */
async function* linesOf(
  bytes: ReadableStream<Uint8Array>,
): AsyncGenerator<{ readonly text: string; readonly isWhole: boolean }> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const text of lines) yield { text, isWhole: true };
  }
  rest += decoder.decode();
  if (rest !== "") yield { text: rest, isWhole: false };
}
