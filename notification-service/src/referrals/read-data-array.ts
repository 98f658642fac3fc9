/** The answer is not what was agreed: not JSON, cut off, too large, or without the promised list. */
export class MalformedAnswer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedAnswer';
  }
}

const LONGEST_ELEMENT = 64 * 1024;
const LONGEST_SKELETON = 4 * 1024 * 1024;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Reads `{"success":true,"data":[{…},{…},…]}` as it arrives and hands on the objects of `data` one by one, each as its
 * JSON text, without ever holding the whole. What surrounds them is put together and checked when the end has come.
 * Throws {@link MalformedAnswer} unless the whole is one valid JSON object with `success: true`: only then was the
 * answer complete.
 */
export async function readDataArray(
  chunks: AsyncIterable<Uint8Array>,
  onElement: (json: string) => void,
): Promise<{ count: number }> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scanner = createScanner(onElement);
  for await (const chunk of chunks) scanner.push(decode(() => decoder.decode(chunk, { stream: true })));
  scanner.push(decode(() => decoder.decode()));
  return scanner.end();
}

function decode(read: () => string): string {
  try {
    return read();
  } catch {
    throw new MalformedAnswer('The answer is not UTF-8.');
  }
}

/**
 * Goes over the text once. `depth` counts open brackets outside of strings; an element of the root's `data` begins
 * where an object opens at depth 2. In the skeleton each element is a `0`.
 */
function createScanner(onElement: (json: string) => void) {
  let skeleton = '';
  let element: string | null = null;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let inData = false;
  let lastString = '';
  let count = 0;

  const keep = (text: string) => {
    if (element === null) {
      skeleton += text;
      if (skeleton.length > LONGEST_SKELETON)
        throw new MalformedAnswer('The answer is not a list of people.');
    } else {
      element += text;
      if (element.length > LONGEST_ELEMENT) throw new MalformedAnswer('One entry of the answer is too long.');
    }
  };

  return {
    push(text: string) {
      let from = 0;
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (inString) {
          if (depth === 1) lastString += text[i] ?? '';
          if (escaped) escaped = false;
          else if (code === BACKSLASH) escaped = true;
          else if (code === QUOTE) inString = false;
        } else if (code === QUOTE) {
          inString = true;
          if (depth === 1) lastString = '';
        } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
          if (depth === 1 && code === OPEN_LIST && lastString === 'data"') inData = true;
          else if (inData && depth === 2) {
            if (code === OPEN_LIST) throw new MalformedAnswer('An entry of the answer is not a person.');
            keep(text.slice(from, i));
            from = i;
            element = '';
          }
          depth += 1;
        } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
          depth -= 1;
          if (inData && depth === 1) inData = false;
          if (inData && depth === 2 && element !== null) {
            keep(text.slice(from, i + 1));
            from = i + 1;
            onElement(element);
            element = null;
            count += 1;
            keep('0');
          }
        } else if (code === COMMA && depth === 1) lastString = '';
      }
      keep(text.slice(from));
    },

    end(): { count: number } {
      const answer = parse(skeleton);
      if (answer?.['success'] !== true) throw new MalformedAnswer('The answer does not say success.');
      const data = answer['data'];
      if (!Array.isArray(data) || data.length !== count || data.some(entry => entry !== 0)) {
        throw new MalformedAnswer('The answer holds no list of people.');
      }
      return { count };
    },
  };
}

function parse(skeleton: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(skeleton);
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>) : null;
  } catch {
    throw new MalformedAnswer('The answer was cut off or is not JSON.');
  }
}
