/** Topic Filters to values: one walk per topic, whatever the number of filters (MQTT 5 §4.7, MQTT 3.1.1 §4.7). */

interface Branch<T> {
  children: Map<string, Branch<T>>;
  /** Values of filters that end at this level. */
  here: Set<T>;
  /** Values of filters with "#" at this level: it matches the level itself and everything below. */
  below: Set<T>;
}

const createBranch = <T>(): Branch<T> => ({ children: new Map(), here: new Set(), below: new Set() });

const isEmpty = <T>({ children, here, below }: Branch<T>): boolean =>
  children.size === 0 && here.size === 0 && below.size === 0;

/** Values by Topic Filter. */
export class TopicFilterTrie<T> {
  readonly #root = createBranch<T>();
  #branches = 0;

  /** Number of levels that no other filter has: the memory that the filters cost. */
  get branches(): number {
    return this.#branches;
  }

  add(filter: string, value: T): void {
    this.#place(filter).add(value);
  }

  remove(filter: string, value: T): void {
    this.#remove(this.#root, filter.split('/'), 0, value);
  }

  /** @returns every value once, however many of its filters match the topic */
  match(topic: string): Set<T> {
    const found = new Set<T>();
    this.#collect(this.#root, topic.split('/'), 0, found);
    return found;
  }

  #place(filter: string): Set<T> {
    let branch = this.#root;
    for (const level of filter.split('/')) {
      if (level === '#') return branch.below;
      let next = branch.children.get(level);
      if (!next) {
        next = createBranch<T>();
        this.#branches++;
        branch.children.set(level, next);
      }
      branch = next;
    }
    return branch.here;
  }

  /** Branches that hold nothing any more go with the value: filters come from strangers. */
  #remove(branch: Branch<T>, levels: string[], at: number, value: T): void {
    const level = levels[at];
    if (level === undefined) branch.here.delete(value);
    else if (level === '#') branch.below.delete(value);
    else {
      const next = branch.children.get(level);
      if (!next) return;
      this.#remove(next, levels, at + 1, value);
      if (isEmpty(next) && branch.children.delete(level)) this.#branches--;
    }
  }

  #collect(branch: Branch<T>, levels: string[], at: number, found: Set<T>): void {
    // MQTT-4.7.2-1: a wildcard at the start does not match topics of the server's own, like $SYS.
    const isReserved = at === 0 && levels[0]?.startsWith('$') === true;
    if (!isReserved) for (const value of branch.below) found.add(value);
    if (at === levels.length) {
      for (const value of branch.here) found.add(value);
      return;
    }
    const exact = branch.children.get(levels[at] as string);
    if (exact) this.#collect(exact, levels, at + 1, found);
    const any = isReserved ? undefined : branch.children.get('+');
    if (any) this.#collect(any, levels, at + 1, found);
  }
}
