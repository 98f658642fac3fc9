/** An attachment on its way out: prepared, "uploaded" into this page's memory, then sent with its message. */
export class MediaShelf {
  #blobs = new Map();

  constructor(isRefusing) {
    this.isRefusing = isRefusing;
  }

  OpaqueData = class OpaqueData {
    static createFromData(blob, mimetype) {
      return Promise.resolve(Object.assign(new this(), { blob, type: mimetype }));
    }
    url() {
      return URL.createObjectURL(this.blob);
    }
    formData() {
      return this.blob;
    }
    autorelease() {
      return undefined;
    }
  };

  prepRawMedia(opaque, { asDocument }) {
    return { waitForPrep: () => this.#prepare(opaque, asDocument) };
  }

  async #prepare(opaque, asDocument) {
    const bytes = await opaque.blob.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const filehash = btoa(String.fromCharCode(...digest));
    this.#blobs.set(filehash, opaque.blob);
    const values = {
      type: typeOf(opaque.type, asDocument),
      mimetype: opaque.type,
      filename: opaque.blob.name,
      filehash,
      size: opaque.blob.size,
    };
    return Object.assign(
      Object.create({ toJSON: () => values, set: more => Object.assign(values, more) }),
      values,
      {
        mediaBlob: opaque,
      },
    );
  }

  getOrCreateMediaObject(filehash) {
    const blob = this.#blobs.get(filehash);
    return { filehash, size: blob.size, type: blob.type, contentInfo: {}, consolidate: () => undefined };
  }

  uploadMedia({ mediaObject }) {
    if (this.isRefusing) return Promise.resolve({ mediaEntry: null });
    const directPath = `/media/${mediaObject.filehash}`;
    return Promise.resolve({
      mediaEntry: { mmsUrl: directPath, directPath, mediaKey: 'k', uploadHash: 'h' },
    });
  }

  /** What the network needs of the attachment of a message. */
  async take({ filehash, type, mimetype, filename }) {
    const blob = this.#blobs.get(filehash);
    this.#blobs.delete(filehash);
    const url = await new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
    const kind = type === 'ptt' ? 'audio' : type;
    return { kind, mimeType: mimetype, filename: filename ?? '', base64: url.slice(url.indexOf(',') + 1) };
  }
}

function typeOf(mimetype, asDocument) {
  const family = mimetype.split('/')[0];
  return !asDocument && ['image', 'video', 'audio'].includes(family) ? family : 'document';
}
