/**
 * Messages whose subscriber is away for a moment, as in a redeploy: kept until it is back, or nobody waits any more.
 */

interface Published {
  topic: string;
  payload: Buffer;
}

interface Kept<Message> {
  message: Message;
  settle(): void;
}

/** Beyond either of these, the oldest message is given up. */
const mostMessages = 10_000;
const mostBytes = 16 * 1024 * 1024;

/** The unclaimed messages of one client. */
export class UnclaimedMessages<Message extends Published> {
  #kept: Kept<Message>[] = [];
  #bytes = 0;

  /** @returns resolves once somebody has taken the message, or nobody will */
  keep(message: Message): Promise<void> {
    return new Promise((settle) => {
      this.#kept.push({ message, settle });
      this.#bytes += message.payload.length;
      while (this.#kept.length > mostMessages || this.#bytes > mostBytes) {
        const oldest = this.#kept.shift();
        this.#bytes -= oldest?.message.payload.length ?? 0;
        oldest?.settle();
      }
    });
  }

  /**
   * Hands over what is wanted, in the order in which it came.
   * @param hand the message is taken when it returns nothing, or when its promise resolves
   */
  claim(isWanted: (topic: string) => boolean, hand: (message: Message) => void | Promise<void>): void {
    const before = this.#kept;
    this.#kept = before.filter(({ message }) => !isWanted(message.topic));
    this.#bytes = this.#kept.reduce((sum, { message }) => sum + message.payload.length, 0);
    for (const { message, settle } of before) {
      if (!isWanted(message.topic)) continue;
      const handing = hand(message);
      if (handing) handing.then(settle);
      else settle();
    }
  }

  /** Nobody will come: the broker may forget the messages. */
  giveUp(): void {
    const before = this.#kept;
    this.#kept = [];
    this.#bytes = 0;
    for (const { settle } of before) settle();
  }
}
