/** Things that tell what happens to them, in the way WhatsApp Web's models do. */
export class Emitter {
  #listeners = new Map();

  /** `names` may be several, with spaces between them. */
  on(names, listener) {
    for (const name of names.split(' ')) {
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    }
  }

  once(names, listener) {
    const only = (...args) => {
      this.off(names, only);
      listener(...args);
    };
    this.on(names, only);
  }

  off(names, listener) {
    for (const name of names.split(' ')) {
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter(one => one !== listener),
      );
    }
  }

  trigger(name, ...args) {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
    this.onTrigger?.(name, ...args);
  }
}

/** A bag of values that says which of them has changed: `change:x` (model, new, old), then `change` (model). */
export class Model extends Emitter {
  #names = new Set();

  constructor(values = {}) {
    super();
    for (const [name, value] of Object.entries(values)) this.#put(name, value);
  }

  set(values) {
    const changed = Object.entries(values).filter(([name, value]) => this[name] !== value);
    const former = changed.map(([name]) => this[name]);
    for (const [name, value] of changed) this.#put(name, value);
    changed.forEach(([name, value], at) => this.trigger(`change:${name}`, this, value, former[at]));
    if (changed.length > 0) this.trigger('change', this);
  }

  /** A plain copy of its values. */
  serialize() {
    return Object.fromEntries([...this.#names].map(name => [name, this[name]]));
  }

  #put(name, value) {
    this.#names.add(name);
    this[name] = value;
  }
}

/** Models by id; what a model tells, its collection tells too. */
export class Collection extends Emitter {
  #models = new Map();

  constructor(idOf) {
    super();
    this.idOf = idOf;
  }

  get(id) {
    return this.#models.get(typeof id === 'object' && id !== null ? this.idOf({ id }) : id);
  }

  add(model) {
    this.#models.set(this.idOf(model), model);
    model.onTrigger = (name, ...args) => this.trigger(name, ...args);
    this.trigger('add', model);
    return model;
  }

  getModelsArray() {
    return [...this.#models.values()];
  }
}
