/** The plain connect page. The token comes as `#token=`, is kept for this tab only, and never stands in an address again. */
const byId = id => document.getElementById(id);
const fromHash = new URLSearchParams(location.hash.slice(1)).get('token');
if (fromHash) {
  sessionStorage.setItem('token', fromHash);
  history.replaceState(null, '', location.pathname);
}
const token = sessionStorage.getItem('token');
const SECTIONS = ['consent', 'link', 'cooldown', 'connected'];
const LOOK_MS = 5_000;
const STREAM_AGAIN_MS = 2_000;

let attemptEndsAt = 0;
let cooldownEndsAt = 0;
/** A code is shown, or was asked for. */
let linking = false;
let asking = false;
let lastEventId = '';

const say = text => {
  if (byId('status').textContent !== text) byId('status').textContent = text;
};
const show = id => {
  for (const one of SECTIONS) byId(one).hidden = one !== id;
};
const rest = ms => new Promise(resolve => setTimeout(resolve, ms));

async function api(method, path, body) {
  try {
    const response = await fetch(`/api/relance${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const retryAfterSeconds = Number(response.headers.get('Retry-After'));
    return { status: response.status, retryAfterSeconds, ...(await response.json()) };
  } catch {
    return { success: false, message: 'The service does not answer. Trying again…' };
  }
}

async function look() {
  const { success, data, message } = await api('GET', '/status');
  if (!success) return say(message);
  if (data.whatsappStatus === 'connected') return showConnected(data);
  // How long it still is, in this page's own time, is said by the refusal.
  if (data.cooldownUntil) return byId('cooldown').hidden ? connect() : undefined;
  if (data.state === 'authenticating') return say('Linking… almost there.');
  if (linking || asking) return;
  // After a reload the attempt goes on where it was.
  if (data.consentAt && data.state === 'qr_pending') return connect();
  await showConsent(data);
}

function showConnected(data) {
  linking = false;
  show('connected');
  byId('number').textContent = data.phoneNumber ? ` (+${data.phoneNumber})` : '';
  say(data.state === 'connecting' ? 'Reconnecting…' : '');
}

function showCooldown(leftSeconds) {
  linking = false;
  cooldownEndsAt = Date.now() + leftSeconds * 1000;
  show('cooldown');
  say('');
}

async function showConsent({ consentAt, state }) {
  if (!byId('consent').hidden) return;
  const { data } = await api('GET', '/messages/preview');
  const texts = (Array.isArray(data) ? data : []).filter(day => day.text || day.parts?.length);
  byId('texts').replaceChildren(
    ...texts.map(day => {
      const item = document.createElement('li');
      item.textContent = day.text || day.parts.map(part => part.text).join('\n');
      item.dir = 'auto';
      return item;
    }),
  );
  byId('agree').checked = Boolean(consentAt);
  byId('begin').disabled = !consentAt;
  show('consent');
  if (state === 'inactive') say('');
}

async function connect(phoneNumber) {
  if (asking) return;
  asking = true;
  linking = true;
  byId('next').hidden = true;
  say(byId('link').hidden || phoneNumber ? 'One moment…' : 'Waiting for your scan…');
  const answer = await api('POST', '/connect', phoneNumber ? { phoneNumber } : {});
  asking = false;
  const { status, success, data, message, details, retryAfterSeconds } = answer;
  if (status === 429 && details?.cooldownUntil) return showCooldown(retryAfterSeconds);
  if (!success) return failed(message);
  if (data.alreadyConnected) return look();
  show('link');
  showQr(data.qr);
  byId('left').max = Math.max(20, data.expiresInSeconds);
  byId('attempt').textContent = `Code ${data.attempt} of ${data.maxAttempts}`;
  if (data.pairingCode) showPairingCode(data.pairingCode);
  attemptEndsAt = Date.now() + data.expiresInSeconds * 1000;
  say(data.pairingCode ? 'Type the code on your phone.' : 'Waiting for your scan…');
}

function failed(message) {
  say(message);
  attemptEndsAt = 0;
  if (byId('link').hidden) linking = false;
  else byId('next').hidden = false;
}

function showQr(picture) {
  byId('qr').src = picture;
}

function showPairingCode(code) {
  byId('code').textContent = `${code.slice(0, 4)} ${code.slice(4)}`;
  byId('how-code').hidden = false;
}

function everySecond() {
  if (linking && !asking && attemptEndsAt > 0) {
    const leftMs = Math.max(0, attemptEndsAt - Date.now());
    byId('left').value = leftMs / 1000;
    // The next code is asked for as long as somebody looks at it.
    if (leftMs === 0 && document.visibilityState === 'visible') void connect();
    else if (leftMs === 0) byId('next').hidden = false;
  }
  if (!byId('cooldown').hidden) {
    const leftMs = Math.max(0, cooldownEndsAt - Date.now());
    byId('wait').textContent = new Date(leftMs).toISOString().slice(11, 19);
    if (leftMs === 0) {
      byId('cooldown').hidden = true;
      void look();
    }
  }
}

function onEvent({ type, data }) {
  if (type === 'qr' && linking && !byId('link').hidden) showQr(data.qr);
  if (type !== 'state') return;
  if (data.state === 'authenticating') {
    attemptEndsAt = 0;
    say('Linking… almost there.');
  } else if (data.sentence) {
    linking = false;
    say(data.sentence);
    void look();
  } else void look();
}

/** Server-Sent Events read by fetch: a token never stands in an address. */
async function listen() {
  for (;;) {
    try {
      await readEvents();
    } catch {
      // The stream is opened again below; what was missed is replayed by its last id.
    }
    await rest(STREAM_AGAIN_MS);
  }
}

async function readEvents() {
  const response = await fetch('/api/relance/events', {
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: 'text/event-stream',
      ...(lastEventId ? { 'Last-Event-ID': lastEventId } : {}),
    },
  });
  if (!response.ok || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (waiting + value.replaceAll('\r', '')).split('\n\n');
    waiting = blocks.pop() ?? '';
    for (const block of blocks) readBlock(block);
  }
}

function readBlock(block) {
  const fields = { data: '' };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
  }
  if (fields.id) lastEventId = fields.id;
  if (fields.event && fields.data) onEvent({ type: fields.event, data: JSON.parse(fields.data) });
}

byId('agree').addEventListener('change', event => {
  byId('begin').disabled = !event.target.checked;
});
byId('begin').addEventListener('click', async () => {
  byId('begin').disabled = true;
  await api('POST', '/consent');
  await connect();
  byId('begin').disabled = false;
});
byId('next').addEventListener('click', () => void connect());
byId('pair').addEventListener('submit', event => {
  event.preventDefault();
  void connect(byId('phone').value);
});
byId('disconnect').addEventListener('click', async () => {
  await api('DELETE', '/disconnect');
  await look();
});

if (!token) say('This page needs the link from your platform. Please open it from there.');
else {
  void look();
  void listen();
  setInterval(() => void look(), LOOK_MS);
  setInterval(everySecond, 500);
}
