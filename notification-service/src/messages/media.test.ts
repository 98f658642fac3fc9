import { connect } from 'node:net';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHttp, startFakeHttp } from '../../test/fakes/fake-http.ts';
import { GridFSBucket } from '../platform/mongo.ts';
import { demoImage } from './demo-image.ts';
import { mp4, ogg, openTestBed, pdf, type TestBed, token } from './test-bed.ts';

const MB = 1024 * 1024;
const pathOf = ({ url }: { url: string }) => new URL(url).pathname;
let site: FakeHttp;
beforeAll(async () => {
  site = await startFakeHttp(() => ({ status: 200, body: 'unused' }));
});
afterAll(() => site.close());

let bed: TestBed;
beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.reset());

describe('media', () => {
  it('is kept by content, whatever it is called, and served to anybody who knows its name', async () => {
    const image = demoImage();
    const { status, data } = await bed.upload(image, '../../étoile.exe');
    expect(status).toBe(200);
    expect(data).toMatchObject({ type: 'image', originalName: 'étoile.exe', size: image.length });
    expect(data.filename).toMatch(/^[0-9a-f]{48}\.png$/);
    expect(data.url).toBe(`https://relance.example/api/relance/media/${data.filename}`);
    const served = await request(bed.http.app).get(pathOf(data)).set('Host', 'evil.example');
    expect(served.body).toEqual(image);
    expect(served.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
    });
  });

  it('serves one range', async () => {
    const { data } = await bed.upload(mp4(1_000), 'a.mp4');
    const part = await request(bed.http.app)
      .get(pathOf(data))
      .set('Range', 'bytes=4-11')
      .buffer(true)
      .parse(binary);
    expect(part.status).toBe(206);
    expect(part.headers['content-range']).toBe('bytes 4-11/1000');
    expect(String(part.body)).toBe('ftypmp42');
    const tail = await request(bed.http.app).get(pathOf(data)).set('Range', 'bytes=-10');
    expect(tail.headers['content-range']).toBe('bytes 990-999/1000');
    expect((await request(bed.http.app).get(pathOf(data)).set('Range', 'bytes=2000-')).status).toBe(416);
  });

  it('pitfall: path traversal: finds nothing', async () => {
    // Even a file that lies in the store under such a name is never looked up.
    const bucket = new GridFSBucket(bed.stores.db, { bucketName: 'media' });
    const names = ['../../etc/passwd', '..\\..\\', 'secret', '.png', '*', `../${'a'.repeat(48)}.png`];
    for (const name of names) {
      const written = bucket.openUploadStream(name, { metadata: { kind: 'image', mimeType: 'image/png' } });
      await new Promise(resolve => written.end(demoImage(), () => resolve(null)));
      const { status } = await request(bed.http.app).get(`/api/relance/media/${encodeURIComponent(name)}`);
      expect(status).toBe(404);
    }
    for (const path of ['../../../package.json', '%00', '%2e%2e%2fmedia', 'a'.repeat(48)]) {
      const { status } = await request(bed.http.app).get(`/api/relance/media/${path}`);
      expect([400, 404]).toContain(status);
    }
  });

  it('of an upload that breaks off is not kept, and nobody hangs', async () => {
    const before = await bed.stored();
    const { port } = await bed.http.listen(0, '127.0.0.1');
    const socket = connect(port, '127.0.0.1');
    const head = [
      'POST /api/relance/admin/upload-media HTTP/1.1',
      ...['Host: x', `Authorization: ${token('admin')}`, 'Content-Length: 9000000'],
      ...['Content-Type: multipart/form-data; boundary=b', '', '--b'],
      ...['Content-Disposition: form-data; name="file"; filename="a.mp4"', '', ''],
    ].join('\r\n');
    socket.write(head);
    socket.write(mp4(2 * MB));
    const pieces = () => bed.stored().then(found => found[1] ?? 0);
    await expect.poll(pieces, { timeout: 5_000 }).toBeGreaterThan(before[1] ?? 0);
    socket.destroy();
    await expect.poll(() => bed.stored(), { timeout: 5_000 }).toEqual(before);
  });

  it('refuses what cannot be sent or is too large for its kind, with a sentence, and keeps nothing of it', async () => {
    const before = await bed.stored();
    const bigImage = Buffer.concat([demoImage(), Buffer.alloc(5 * MB)]);
    expect(await bed.upload(bigImage, 'a.png')).toMatchObject({
      status: 413,
      message: 'An image can have at most 5 MB.',
    });
    expect(await bed.upload(mp4(16 * MB + 1), 'a.mp4')).toMatchObject({
      status: 413,
      message: 'A video can have at most 16 MB.',
    });
    for (const [name, text] of [
      ['a.png', '<script>alert(1)</script>'],
      ['a.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
      ['a.jpg', 'MZ\0\0'],
    ] as const) {
      expect(await bed.upload(Buffer.from(text), name)).toMatchObject({
        status: 415,
        message: expect.stringContaining('PDF') as string,
      });
    }
    expect(await bed.upload(Buffer.alloc(0), 'a.png')).toMatchObject({
      status: 400,
      message: 'The file is empty.',
    });
    expect(await bed.ask('post', '/api/relance/admin/upload-media', { file: 'x' })).toMatchObject({
      status: 415,
    });
    const none = await request(bed.http.app)
      .post('/api/relance/admin/upload-media')
      .set('Authorization', token('admin'))
      .field('a', 'b');
    expect(none.body).toMatchObject({ message: 'A file is required, in the field "file".' });
    expect(await bed.stored()).toEqual(before);
  });

  it('takes the largest video and PDFs above 16 MB', async () => {
    expect((await bed.upload(mp4(16 * MB), 'a.mp4')).status).toBe(200);
    const document = await bed.upload(Buffer.concat([pdf, Buffer.alloc(17 * MB)]), 'offer.pdf');
    expect(document.data).toMatchObject({ type: 'document', originalName: 'offer.pdf' });
    expect((await bed.messages.loadMedia(document.data.filename))?.bytes).toHaveLength(17 * MB + pdf.length);
  });

  it('of an address is fetched when the message is saved, its kind decided by content', async () => {
    const file = await startFakeHttp(() => ({ status: 200, body: pdf.toString() }));
    bed.trusted.add(new URL(file.url).host);
    const url = `${file.url}/offer.pdf?key=1`;
    const { data } = await bed.save({
      dayNumber: 1,
      messageTemplate: { fr: 'a' },
      mediaUrls: [{ url, type: 'image' }],
    });
    expect(data['mediaUrls']).toMatchObject([
      { type: 'document', sourceUrl: url, originalName: 'offer.pdf' },
    ]);
    expect((await bed.save(data)).data).toEqual(data);
    expect(file.requests).toHaveLength(1);
    const kept = await bed.stored();
    const mediaUrls = [...(data['mediaUrls'] as object[]), { url: 'http://10.0.0.1/' }];
    expect((await bed.save({ ...data, mediaUrls })).status).toBe(400);
    expect(await bed.stored()).toEqual(kept);
    await file.close();
    const rendered = await bed.messages.renderDay({
      ...{ day: 1, language: 'fr', referrerName: null, memberId: 'm1' },
      referral: { name: null, firstName: null, attributes: {} },
    });
    expect(rendered).toMatchObject({
      kind: 'parts',
      parts: [{ text: 'a', media: { kind: 'document', filename: 'offer.pdf' } }],
    });
  });

  it('pitfall: SSRF by media URL: an address inside is refused, nothing is asked, nothing is kept', async () => {
    const before = await bed.stored();
    for (const url of [
      site.url,
      'http://169.254.169.254/latest/',
      'http://any.example/a.png',
      'file:///etc/passwd',
    ]) {
      const answer = await bed.save({
        dayNumber: 1,
        messageTemplate: { fr: 'a' },
        mediaUrls: [{ url, type: 'image' }],
      });
      expect(answer.status).toBe(400);
      expect(answer.message).toMatch(/may not be fetched|only http and https/);
    }
    expect(site.requests).toHaveLength(0);
    expect(await bed.stored()).toEqual(before);
    expect(await bed.stores.db.collection('messages').countDocuments()).toBe(0);
  });

  it('of one save is all kept or not at all', async () => {
    const file = await startFakeHttp(() => ({ status: 200, body: pdf.toString() }));
    bed.trusted.add(new URL(file.url).host);
    const before = await bed.stored();
    const body = { dayNumber: 1, messageTemplate: { fr: 'a' } };
    const mediaUrls = [{ url: `${file.url}/a.pdf` }, { url: `${site.url}/b.pdf` }];
    expect(await bed.save({ ...body, mediaUrls })).toMatchObject({
      message: expect.stringContaining('only http and https') as string,
    });
    expect(file.requests).toHaveLength(1);
    expect(await bed.stored()).toEqual(before);
    await file.close();
    const gone = `https://relance.example/api/relance/media/${'a'.repeat(48)}.png`;
    expect(await bed.save({ ...body, mediaUrls: [{ url: gone }] })).toMatchObject({
      message: 'An attachment of this message does not exist any more. Please upload it again.',
    });
  });

  it('makes at most four messages a day', async () => {
    const { data: sound } = await bed.upload(ogg, 'a.ogg');
    const { data: image } = await bed.upload(demoImage(), 'a.png');
    const body = { dayNumber: 1, messageTemplate: { fr: 'a' } };
    expect((await bed.save({ ...body, mediaUrls: [image, image, image, sound] })).status).toBe(200);
    const five = await bed.save({ ...body, mediaUrls: [sound, image, image, image] });
    const file = await startFakeHttp(() => ({ status: 200, body: pdf.toString() }));
    bed.trusted.add(new URL(file.url).host);
    const kept = await bed.stored();
    const fetched = await bed.save({
      ...body,
      mediaUrls: [sound, image, image, { url: `${file.url}/a.pdf` }],
    });
    expect(fetched.message).toContain('at most 4');
    expect(file.requests).toHaveLength(1);
    expect(await bed.stored()).toEqual(kept);
    await file.close();
    expect(five).toMatchObject({ status: 400, message: expect.stringContaining('at most 4') as string });
    expect((await bed.save({ ...body, mediaUrls: [image, image, image, image, image] })).status).toBe(400);
  });
});

function binary(response: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(null, Buffer.concat(chunks)));
}
