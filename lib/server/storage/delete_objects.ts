/** The body of S3's DeleteObjects: which keys it removes. */
import { parseXml, XmlElement, XmlText } from "@rgrove/parse-xml";
import { badRequest } from "../failure.ts";

const KEYS_MAX = 1000;
const BODY_LENGTH_MAX = 2 * 1024 * 1024;
/** Comments, sections and declarations, and encodings that this text is not in. */
const ELSEWHERE_DIFFERENT = /<!|<\?(?!xml )|^<\?xml[^>]*encoding=(?!["']utf-8["'])/i;

/**
 * The keys that a DeleteObjects request removes. A body with anything but keys is refused, so that
 * what it means to the store is what was read here.
 *
 * @throws {RequestFailure} 400
 */
export function readDeleteKeys(body: string): string[] {
  if (body.length > BODY_LENGTH_MAX || ELSEWHERE_DIFFERENT.test(body)) throw malformed();
  let root;
  try {
    root = parseXml(body).root;
  } catch {
    throw malformed();
  }
  if (root?.name !== "Delete") throw malformed();
  const keys: string[] = [];
  for (const child of elementsOf(root)) {
    if (child.name === "Object") {
      const [key, ...more] = elementsOf(child);
      if (key?.name !== "Key" || more.length > 0) throw malformed();
      keys.push(textOf(key));
    } else if (child.name === "Quiet") {
      if (!/^(?:true|false)$/.test(textOf(child))) throw malformed();
    } else {
      throw malformed();
    }
  }
  if (keys.length === 0 || keys.length > KEYS_MAX) throw malformed();
  return keys;
}

/** The elements within one that holds nothing else but space. */
function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => {
    if (child instanceof XmlElement) return true;
    if (child instanceof XmlText && child.text.trim() === "") return false;
    throw malformed();
  }) as XmlElement[];
}

function textOf(element: XmlElement): string {
  if (!element.children.every((child) => child instanceof XmlText)) throw malformed();
  return element.text;
}

function malformed(): Error {
  return badRequest(
    `Cannot sign the request: its body is no DeleteObjects of 1 to ${KEYS_MAX} keys alone`,
  );
}
