/** Topic filters to handlers: one walk per message, whatever the number of subscriptions. */

interface Branch<T> {
  children: Map<string, Branch<T>>;
  here: Set<T>;
  /** Subscribed with # at this level: matches everything from here down, and the level itself. */
  below: Set<T>;
}

const createBranch = <T>(): Branch<T> => ({ children: new Map(), here: new Set(), below: new Set() });

const isEmpty = <T>({ children, here, below }: Branch<T>): boolean =>
  children.size === 0 && here.size === 0 && below.size === 0;

export interface Trie<T> {
  /** What the filters cost: each level that no other has is a branch. */
  branches(): number;
  add(filter: string, value: T): void;
  remove(filter: string, value: T): void;
  /** Every value once, however many of its filters match. */
  match(topic: string): Set<T>;
}

export const createTrie = <T>(): Trie<T> => {
  const root = createBranch<T>();
  let branches = 0;

  const place = (filter: string): Set<T> => {
    let branch = root;
    for (const level of filter.split('/')) {
      if (level === '#') return branch.below;
      let next = branch.children.get(level);
      if (!next) {
        next = createBranch<T>();
        branches++;
        branch.children.set(level, next);
      }
      branch = next;
    }
    return branch.here;
  };

  /** Branches that hold nothing any more go with the value: filters come from strangers. */
  const remove = (branch: Branch<T>, levels: string[], at: number, value: T): void => {
    const level = levels[at];
    if (level === undefined) branch.here.delete(value);
    else if (level === '#') branch.below.delete(value);
    else {
      const next = branch.children.get(level);
      if (!next) return;
      remove(next, levels, at + 1, value);
      if (isEmpty(next) && branch.children.delete(level)) branches--;
    }
  };

  const collect = (branch: Branch<T>, levels: string[], at: number, found: Set<T>): void => {
    // MQTT-4.7.2-1: a wildcard at the start does not match topics of the server's own ($SYS).
    const isOwn = at === 0 && levels[0]?.startsWith('$') === true;
    if (!isOwn) for (const value of branch.below) found.add(value);
    if (at === levels.length) {
      for (const value of branch.here) found.add(value);
      return;
    }
    const exact = branch.children.get(levels[at] as string);
    if (exact) collect(exact, levels, at + 1, found);
    const any = isOwn ? undefined : branch.children.get('+');
    if (any) collect(any, levels, at + 1, found);
  };

  return {
    branches: () => branches,
    add: (filter, value) => void place(filter).add(value),
    remove: (filter, value) => remove(root, filter.split('/'), 0, value),
    match(topic) {
      const found = new Set<T>();
      collect(root, topic.split('/'), 0, found);
      return found;
    },
  };
};

/** MQTT 4.7: whether a filter is well-formed. */
export const isFilter = (filter: string): boolean => {
  if (filter === '' || filter.includes('\0') || Buffer.byteLength(filter) > 65535) return false;
  const levels = filter.split('/');
  return levels.every((level, i) => (level === '#' ? i === levels.length - 1 : level === '+' || !/[+#]/.test(level)));
};

/** Whether every topic that matches the narrow filter matches the wide one too. */
export const covers = (wide: string, narrow: string): boolean => {
  const a = wide.split('/');
  const b = narrow.split('/');
  for (let i = 0; i < a.length; i++) {
    if (a[i] === '#') return true;
    const level = b[i];
    if (level === undefined || level === '#') return false;
    if (a[i] !== '+' && a[i] !== level) return false;
  }
  return a.length === b.length;
};
