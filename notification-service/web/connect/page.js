/** The plain connect page. The token comes as `#token=`, is kept for this tab only, and never stands in an address again. */
const byId = id => document.getElementById(id);
const fromHash = new URLSearchParams(location.hash.slice(1)).get('token');
if (fromHash) {
  sessionStorage.setItem('token', fromHash);
  history.replaceState(null, '', location.pathname);
}
const token = sessionStorage.getItem('token');
const sections = ['consent', 'link', 'cooldown', 'connected'];
let attemptEndsAt = 0;
let cooldownUntil = 0;
let linking = false;

const say = text => (byId('status').textContent = text);
const show = id => sections.forEach(one => (byId(one).hidden = one !== id));

async function api(method, path, body) {
  const response = await fetch(`/api/relance${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.json().catch(() => ({ success: false, message: 'The service did not answer.' }));
  return { status: response.status, ...answer };
}

async function look() {
  const { success, data, message } = await api('GET', '/status');
  if (!success) return say(message);
  if (data.whatsappStatus === 'connected') return connected(data);
  if (data.cooldownUntil && Date.parse(data.cooldownUntil) > Date.now()) return cooldown(data.cooldownUntil);
  if (data.state === 'authenticating' && linking) return say('Linking… almost there.');
  if (!linking) await askConsent();
}

function connected(data) {
  linking = false;
  show('connected');
  byId('number').textContent = data.phoneNumber ? ` (+${data.phoneNumber})` : '';
  say('');
}

function cooldown(until) {
  linking = false;
  cooldownUntil = Date.parse(until);
  show('cooldown');
  say('');
}

async function askConsent() {
  if (!byId('consent').hidden) return;
  const { data } = await api('GET', '/messages/preview');
  byId('texts').replaceChildren(
    ...(Array.isArray(data) ? data : []).map(day => {
      const item = document.createElement('li');
      item.textContent = day.text ?? day.parts?.map(part => part.text).join('\n') ?? '';
      return item;
    }),
  );
  show('consent');
  say('');
}

async function connect(phoneNumber) {
  say('One moment…');
  const { status, success, data, message, details } = await api('POST', '/connect', phoneNumber ? { phoneNumber } : {});
  if (status === 429 && details?.cooldownUntil) return cooldown(details.cooldownUntil);
  if (!success) return say(message);
  if (data.alreadyConnected) return look();
  linking = true;
  show('link');
  byId('qr').src = data.qr;
  byId('left').max = Math.max(20, data.expiresInSeconds);
  byId('attempt').textContent = `Attempt ${data.attempt} of ${data.maxAttempts}`;
  byId('code').textContent = data.pairingCode ? `${data.pairingCode.slice(0, 4)} ${data.pairingCode.slice(4)}` : '';
  byId('next').hidden = true;
  attemptEndsAt = Date.now() + data.expiresInSeconds * 1000;
  say('Waiting for your scan…');
}

function everySecond() {
  if (linking) {
    const left = Math.max(0, attemptEndsAt - Date.now());
    byId('left').value = left / 1000;
    if (left === 0 && byId('next').hidden) {
      byId('next').hidden = false;
      say('This code has expired. Ask for a new one.');
    }
  }
  if (!byId('cooldown').hidden) {
    const left = Math.max(0, cooldownUntil - Date.now());
    byId('wait').textContent = new Date(left).toISOString().slice(11, 19);
    if (left === 0) void look();
  }
}

byId('agree').addEventListener('change', event => (byId('begin').disabled = !event.target.checked));
byId('begin').addEventListener('click', async () => {
  await api('POST', '/consent');
  await connect();
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
  setInterval(() => void look(), 3000);
  setInterval(everySecond, 500);
}
