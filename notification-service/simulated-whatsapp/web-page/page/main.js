import { MediaShelf } from './media.js';
import { modulesOf } from './modules.js';
import { PageSession } from './session.js';
import { fillWith } from './storage.js';

/** The stand-in WhatsApp Web page: what whatsapp-web.js looks for in `window`, and a session behind it. */
const { settings } = window.standIn;

if (settings.hang !== 'loading') {
  const session = new PageSession(settings);
  session.media = new MediaShelf(settings.refuseUploads);
  const modules = modulesOf(session);
  window.require = name => {
    if (settings.omit.includes(name) || !Object.hasOwn(modules, name)) {
      throw new Error(`Cannot find module ${name}`);
    }
    return modules[name];
  };
  // Years of chats take memory and room on the disk.
  window.standIn.ballast = Array.from({ length: settings.heapMb }, (_, n) => new Array(131_072).fill(n));
  if (settings.storageMb > 0) await fillWith(settings.storageMb);
  window.Debug = { VERSION: settings.version };
  await session.start();
}
