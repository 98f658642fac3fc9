import { describe, expect, it } from 'vitest';
import { checkTemplate } from './check-template.ts';
import { parseTemplate, renderTemplate } from './template-engine.ts';
import { type VariableValues, valuesOf } from './variables.ts';

const nobody = { name: null, firstName: null, attributes: {} };
const render = (text: string, values: Partial<VariableValues> = {}, language = 'fr') =>
  renderTemplate(
    parseTemplate(text),
    { ...valuesOf({ referral: nobody, referrerName: null, day: 2, language }), ...values },
    language,
  );

describe('a template is refused at save with the place and a plain reason', () => {
  it.each([
    ['Bonjour {{ nmae }}', 1, 12, 'unknown variable "nmae"'],
    ['Bonjour\n  {{ name.size }}', 2, 6, 'unknown variable "name.size"'],
    ['a\n{% if foo %}b{% endif %}', 2, 7, 'unknown variable "foo"'],
    ['{{ email }}', 1, 4, 'unknown variable "email"'],
    ['{{ name | nope }}', 1, 1, 'unknown filter "nope"'],
    ['{{ name', 1, 1, '"{{" is never closed by "}}"'],
    ['\n{% if name %}x', 2, 1, '"if" is never ended'],
    ['{% if name', 1, 1, '"{%" is never closed by "%}"'],
    ['{% comment %}x{% endcomment %}', 1, 1, 'the text is empty'],
    ['{% endif %}', 1, 1, '"endif" has no beginning'],
    ['{% foo %}', 1, 1, 'unknown tag "foo"'],
    ['{{ }}', 1, 4, 'a variable is missing'],
    ['{{ name | default "x" }}', 1, 19, '":" is missing'],
    ['{{ name | append }}', 1, 1, 'the filter "append" needs a value after ":"'],
    ['{% for i in (1..100000000) %}x{% endfor %}', 1, 1, 'this takes too long or becomes too large'],
    ['{{ constructor }}', 1, 4, 'unknown variable "constructor"'],
    ['{{ "now" | date: "%Y" }}', 1, 1, 'unknown filter "date"'],
    ['{{ "a,b" | split: "," | sample }}', 1, 1, 'unknown filter "sample"'],
  ])('%s', (text, line, column, problem) => {
    expect(checkTemplate(text, 'fr')).toEqual({ ok: false, mistake: { line, column, problem } });
  });

  it('has no tag that could read a file', () => {
    for (const tag of ['include', 'render', 'layout', 'block', 'liquid', 'echo']) {
      expect(checkTemplate(`{% ${tag} "/etc/passwd" %}`, 'fr')).toMatchObject({ ok: false });
    }
  });

  it('refuses what is longer than a message can be', () => {
    expect(checkTemplate('x'.repeat(4_097), 'fr')).toMatchObject({ ok: false });
    expect(checkTemplate('{% for i in (1..900) %}xxxxxxxx{% endfor %}', 'fr')).toMatchObject({ ok: false });
    expect(checkTemplate('x'.repeat(4_096), 'fr')).toMatchObject({ ok: true });
  });

  it('names the variables that are used', () => {
    expect(checkTemplate('{% if age %}{{ name }}{% endif %}{{ name }}', 'fr')).toMatchObject({
      ok: true,
      variables: ['age', 'name'],
    });
  });
});

describe('a missing value is never a gap', () => {
  it.each([
    ['Bonjour {{ name }} !', 'Bonjour toi !'],
    ['{{ firstName | upcase }}', 'TOI'],
    ['{{ "Bonjour " | append: name }}', 'Bonjour toi'],
    ['{% assign n = name %}{{ n }}', 'toi'],
    ['{% capture n %}{{ name }}{% endcapture %}{{ n }}', 'toi'],
    ['C’est {{ referrerName }}', 'C’est un ami'],
    ['{{ profession }}', 'ton métier'],
  ])('%s', (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  it('leaves the word to the admin’s own default and to conditions', () => {
    expect(render('{{ name | default: "champion" }}')).toBe('champion');
    expect(render('{{ name | default: firstName }}')).toBe('toi');
    expect(render('{% if name %}yes{% else %}no{% endif %}')).toBe('no');
    expect(render('{% unless name %}no{% endunless %}')).toBe('no');
    expect(render('{% if name == nil and day == 2 %}no{% endif %}')).toBe('no');
    expect(render('{{ name | default: "champion" }}', { name: 'Awa' })).toBe('Awa');
  });

  it.each([
    ['en', 'friend'],
    ['pt-br', 'você'],
    ['pt-pt', 'tu'],
    ['ar', 'صديقي'],
    ['de', '🙂'],
  ])('in %s it is %s', (language, word) => {
    expect(render('{{ name }}', {}, language)).toBe(word);
  });
});

describe('values', () => {
  const of = (name: string | null, attributes = {}) =>
    valuesOf({
      referral: { name, firstName: null, attributes },
      ...{ referrerName: null, day: 1, language: 'fr' },
    });

  it('takes the first name from the name, and the country in words', () => {
    expect(of('Awa  Diallo', { country: 'sn', age: 31 })).toMatchObject({
      ...{ name: 'Awa Diallo', firstName: 'Awa', country: 'SN', countryName: 'Sénégal', age: 31 },
    });
  });

  it('lets no name lay out the message, be markup, or be code', () => {
    expect(of('A\n\n\u202eB\u0000').name).toBe('A B');
    expect(of('x'.repeat(500)).name).toHaveLength(100);
    expect(render('{{ name }}', of('{{ day }}{% if %}'))).toBe('{{ day }}{% if %}');
    expect(of('   ').name).toBeNull();
  });
});
