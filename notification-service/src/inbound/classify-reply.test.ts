import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyReply } from './classify-reply.ts';
import { editDistance } from './edit-distance.ts';
import { foldText } from './fold-text.ts';
import { OPT_OUTS } from './opt-out-words.ts';

describe('an opt-out is the whole message, however it is written', () => {
  it.each([
    ...[
      'STOP',
      'stop',
      ' Stop. ',
      'stop!!!',
      '"STOP"',
      'S.T.O.P',
      's t o p',
      '🛑 STOP 🛑',
      'STOP 🙏🏽',
      'ＳＴＯＰ',
      'Stop\n',
    ],
    ...[
      'St\u200bop',
      '\u202eSTOP\u202c',
      '\ufeffstop',
      's\u00adtop',
      'STOP STOP stop',
      'Stop‼️',
      '*STOP*',
      '_stop_',
    ],
    ...['ARRET', 'ARRÊT', 'arrêt', 'Arre\u0302t', 'arrête !', 'DESABONNER', 'Désabonner', 'me désabonner'],
    ...['UNSUBSCRIBE', 'Opt-out', 'opt out', 'BAJA', '¡Baja!', 'darme de baja', 'PARAR', 'SAIR', 'sair 😡'],
    ...[
      'إلغاء',
      'الغاء',
      'إلغـــاء',
      'إِلْغَاء',
      'توقف',
      'تَوَقَّفْ',
      'توقف!',
      'توقّف 🙏',
      '\u200fإلغاء\u200f',
      'إلغاء الاشتراك',
    ],
    ...['STOPP', 'abmelden', 'стоп', 'uitschrijven'],
  ])('%j', text => expect(classifyReply(text)).toBe('opt_out'));
});

describe('a near miss pauses and flags', () => {
  it.each([
    ...[
      'stop please',
      'please stop',
      'stop svp',
      'Stop, merci',
      'Arrête de m’écrire',
      "arrête de m'écrire stp",
    ],
    ...[
      'stpo',
      'sotp',
      'stoop',
      'stoooop',
      'stoppppp',
      'unsuscribe',
      'unsubcribe',
      'desaboner',
      'arrret',
      'paraar',
    ],
    ...['I want to unsubscribe from all of these messages that you keep sending me every day'],
    ...[
      'ne m’écris plus',
      'laisse-moi tranquille',
      'no me escribas más',
      'não me mande mais mensagens',
      'لا تراسلني',
    ],
    ...['cancel', 'quit', 'basta', '🛑', '⛔', 'توقف من فضلك', 'أرجوك توقف'],
  ])('%j', text => expect(classifyReply(text)).toBe('near_miss'));
});

describe('everything else is an answer', () => {
  it.each([
    ...[
      '',
      ' ',
      '👍',
      'ok',
      'Oui merci !',
      'stp',
      'Je te rappelle demain',
      'non',
      '1',
      'shop',
      'hello',
      'Salut Awa',
    ],
    ...[
      'I will stop by the office tomorrow morning, see you there',
      'arrive',
      'soir',
      'شكرا',
      'نعم',
      'gracias',
      'obrigado',
    ],
    ...['Je descends au prochain arrêt de bus et je te rappelle', 'step', 'part', 'top'],
  ])('%j', text => expect(classifyReply(text)).toBe('reply'));
});

const optOut = fc.constantFrom(...OPT_OUTS);
const noise = fc
  .array(
    fc.constantFrom(
      ...'.!?,;:-_*"\'()…¡¿؟،'.split(''),
      ' ',
      '\n',
      '\t',
      '🛑',
      '🙏🏽',
      '❤️',
      '\u200b',
      '\u200f',
      '\u2060',
      '\ufeff',
    ),
  )
  .map(parts => parts.join(''));

describe('whatever surrounds it', () => {
  it('an opt-out stays one', () => {
    fc.assert(
      fc.property(optOut, noise, noise, fc.boolean(), (word, before, after, upper) => {
        const said = upper ? word.toUpperCase() : word;
        expect(classifyReply(`${before}${said}${after}`)).toBe('opt_out');
      }),
      { numRuns: 1_000 },
    );
  });

  it('with any letters beside it, it is no opt-out unless the whole is one', () => {
    fc.assert(
      fc.property(optOut, fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }), (word, beside) => {
        const text = `${beside} ${word}`;
        const whole = foldText(text);
        const words = new Set(whole.split(' '));
        if (OPT_OUTS.has(whole) || (words.size === 1 && OPT_OUTS.has([...words][0] ?? ''))) return;
        expect(classifyReply(text)).not.toBe('opt_out');
      }),
      { numRuns: 1_000 },
    );
  });

  it('one wrong letter in a longer word is never an opt-out and never overlooked', () => {
    const long = fc.constantFrom(...[...OPT_OUTS].filter(word => !word.includes(' ') && word.length >= 8));
    fc.assert(
      fc.property(long, fc.nat(), (word, at) => {
        const i = 1 + (at % (word.length - 1));
        const typed = `${word.slice(0, i)}${word[i] === 'x' ? 'y' : 'x'}${word.slice(i + 1)}`;
        expect(classifyReply(typed)).toBe('near_miss');
      }),
    );
  });

  it('never throws, and folding twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
        expect(['opt_out', 'near_miss', 'reply']).toContain(classifyReply(text));
        expect(foldText(foldText(text))).toBe(foldText(text));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the distance of two words', () => {
  it.each([
    ['stop', 'stop', 0],
    ['stpo', 'stop', 1],
    ['sop', 'stop', 1],
    ['stoop', 'stop', 1],
    ['', 'stop', 4],
    ['shop', 'sair', 3],
  ])('%s → %s', (a, b, distance) => expect(editDistance(a, b)).toBe(distance));

  it('is the same both ways', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
      }),
    );
  });
});
