/** What survives in the profile: the login, in IndexedDB, where the real page keeps its keys too. */
const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open('stand-in', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('login');
    request.result.createObjectStore('ballast');
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function run(store, mode, act) {
  const transaction = (await opened).transaction(store, mode, { durability: 'strict' });
  const request = act(transaction.objectStore(store));
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
  });
  return request.result;
}

export const loadLogin = async () => (await run('login', 'readonly', store => store.get('login'))) ?? null;
export const saveLogin = login => run('login', 'readwrite', store => store.put(login, 'login'));
export const forgetLogin = () => run('login', 'readwrite', store => store.clear());

/** Records that only take room, as years of chats do; made once for a profile. */
export async function fillWith(megabytes) {
  const kept = await run('ballast', 'readonly', store => store.count());
  for (let n = kept; n < megabytes; n += 1) {
    const bytes = new Uint8Array(2 ** 20);
    for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    await run('ballast', 'readwrite', store => store.put(bytes, n));
  }
}
