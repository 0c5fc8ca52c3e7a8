/**
 * Which node of this runtime speaks for which device or site, written as the beginning of its topics: "devices/101",
 * "sites/home". Once no node speaks for it any more, what was said of it is over.
 */
export interface Speakers {
  /** A node speaks for something; what it spoke for before is over, unless another node speaks for that as well. */
  register(node: string, path: string): void;
  /** A node was removed. @param closed what it spoke for is over once this has come to an end, well or not */
  remove(node: string, closed: Promise<unknown>): void;
  isSpokenFor(path: string): boolean;
  /** Resolves when every node that was removed has come to its end. */
  settled(): Promise<void>;
}

/** @param over called with what nobody speaks for any more */
export const createSpeakers = (over: (path: string) => void): Speakers => {
  const pathOfNode = new Map<string, string>();
  const ending = new Set<Promise<void>>();

  const isSpokenFor = (path: string): boolean => [...pathOfNode.values()].includes(path);

  const release = (node: string): void => {
    const path = pathOfNode.get(node);
    pathOfNode.delete(node);
    if (path !== undefined && !isSpokenFor(path)) over(path);
  };

  return {
    register(node, path) {
      if (pathOfNode.get(node) !== path) release(node);
      pathOfNode.set(node, path);
    },
    remove(node, closed) {
      if (!pathOfNode.has(node)) return;
      const end = (): void => {
        ending.delete(ended);
        release(node);
      };
      const ended: Promise<void> = closed.then(end, end);
      ending.add(ended);
    },
    isSpokenFor,
    async settled() {
      await Promise.all(ending);
    },
  };
};
