import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { SealError } from '../../platform/crypto.ts';

/**
 * A stream in sealed frames of at most 1 MiB: a length word (its top bit marks the last frame), the ciphertext and the
 * tag, AES-256-GCM. The key belongs to one archive; the nonce counts the frames; the associated data are `place`, the
 * length word and the frame's number. So nothing can be changed, moved, cut off or added, also not at a frame's edge.
 */
const FRAME_BYTES = 2 ** 20;
const LAST = 0x80000000;
const TAG_BYTES = 16;

export interface ArchiveKey {
  /** 32 bytes, of this channel. */
  dataKey: Buffer;
  /** 32 random bytes, of this archive. */
  salt: Buffer;
  /** Where it belongs and what it is; must be the same words when it is opened. */
  place: string;
}

export async function* sealFrames(plain: AsyncIterable<Buffer>, key: ArchiveKey): AsyncGenerator<Buffer> {
  const frameKey = keyOf(key);
  let number = 0;
  for await (const { bytes, isLast } of inFrames(plain)) {
    const word = Buffer.alloc(4);
    word.writeUInt32BE(isLast ? (bytes.length | LAST) >>> 0 : bytes.length);
    const cipher = createCipheriv('aes-256-gcm', frameKey, nonceOf(number));
    cipher.setAAD(aadOf(key.place, word, number));
    yield Buffer.concat([word, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

/** Gives only what was proved to be untouched; throws a {@link SealError} at the first frame that is not. */
export async function* openFrames(sealed: AsyncIterable<Buffer>, key: ArchiveKey): AsyncGenerator<Buffer> {
  const frameKey = keyOf(key);
  const reader = readerOf(sealed);
  for (let number = 0; ; number += 1) {
    const word = await reader.take(4);
    const length = word.readUInt32BE() & ~LAST;
    const isLast = (word.readUInt32BE() & LAST) !== 0;
    if (length > FRAME_BYTES) throw new SealError('The archive was changed.');
    const body = await reader.take(length + TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', frameKey, nonceOf(number), { authTagLength: TAG_BYTES });
    decipher.setAAD(aadOf(key.place, word, number)).setAuthTag(body.subarray(length));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(body.subarray(0, length)), decipher.final()]);
    } catch {
      throw new SealError('The archive was changed, or belongs elsewhere.');
    }
    yield plain;
    if (!isLast) continue;
    if (!(await reader.isAtEnd())) throw new SealError('The archive was changed.');
    return;
  }
}

/** One key for each archive, so that frame numbers never meet a key again. */
const keyOf = ({ dataKey, salt }: ArchiveKey): Buffer =>
  Buffer.from(hkdfSync('sha256', dataKey, salt, 'relance vault archive', 32));

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 8);
  return nonce;
}

function aadOf(place: string, word: Buffer, number: number): Buffer {
  return Buffer.concat([Buffer.from(`vault-1\0${place}\0${number}\0`, 'utf8'), word]);
}

/** Whole frames and a last one, which may be empty. */
async function* inFrames(source: AsyncIterable<Buffer>): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let kept: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    kept.push(chunk);
    size += chunk.length;
    if (size < FRAME_BYTES) continue;
    let rest = Buffer.concat(kept);
    for (; rest.length >= FRAME_BYTES; rest = rest.subarray(FRAME_BYTES)) {
      yield { bytes: rest.subarray(0, FRAME_BYTES), isLast: false };
    }
    kept = [rest];
    size = rest.length;
  }
  yield { bytes: Buffer.concat(kept), isLast: true };
}

function readerOf(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (bytes: number): Promise<boolean> => {
    const parts = [rest];
    let size = rest.length;
    while (size < bytes) {
      const next = await chunks.next();
      if (next.done) break;
      parts.push(next.value);
      size += next.value.length;
    }
    rest = Buffer.concat(parts);
    return rest.length >= bytes;
  };
  return {
    async take(bytes: number): Promise<Buffer> {
      if (!(await fill(bytes))) throw new SealError('The archive is cut off.');
      const taken = rest.subarray(0, bytes);
      rest = rest.subarray(bytes);
      return taken;
    },
    isAtEnd: async (): Promise<boolean> => !(await fill(1)),
  };
}
