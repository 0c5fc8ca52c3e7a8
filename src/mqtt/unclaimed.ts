/** Messages whose subscriber is away for a moment, as in a redeploy: kept until it is back, or nobody waits any more. */

interface Published {
  topic: string;
  payload: Buffer;
}

export interface Unclaimed<Message> {
  /** Resolves once somebody has taken the message, or nobody will. */
  keep(message: Message): Promise<void>;
  /**
   * Hands over what is wanted, in the order in which it came.
   * @param hand done when it returns nothing, or when the promise resolves
   */
  claim(isWanted: (topic: string) => boolean, hand: (message: Message) => void | Promise<void>): void;
  /** Nobody will come: the broker may forget them. */
  giveUp(): void;
}

interface Kept<Message> {
  message: Message;
  settle(): void;
}

/** Beyond either of these, the oldest is given up. */
const most = 10_000;
const mostBytes = 16 * 1024 * 1024;

export const createUnclaimed = <Message extends Published>(): Unclaimed<Message> => {
  let kept: Kept<Message>[] = [];
  let bytes = 0;
  return {
    keep: (message) =>
      new Promise((settle) => {
        kept.push({ message, settle });
        bytes += message.payload.length;
        while (kept.length > most || bytes > mostBytes) {
          const oldest = kept.shift();
          bytes -= oldest?.message.payload.length ?? 0;
          oldest?.settle();
        }
      }),
    claim(isWanted, hand) {
      const before = kept;
      kept = before.filter(({ message }) => !isWanted(message.topic));
      bytes = kept.reduce((sum, { message }) => sum + message.payload.length, 0);
      for (const { message, settle } of before) {
        if (!isWanted(message.topic)) continue;
        const handing = hand(message);
        if (handing) handing.then(settle);
        else settle();
      }
    },
    giveUp() {
      const before = kept;
      kept = [];
      bytes = 0;
      for (const { settle } of before) settle();
    },
  };
};
