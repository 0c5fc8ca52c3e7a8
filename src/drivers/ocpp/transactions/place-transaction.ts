/** Completes messages about a transaction: its EVSE, and whose it is where it was started from here. */
import type { Authorization, Authorizer } from '../authorization/authorize.ts';
import type { Answer, IdToken } from '../messages.ts';
import type { Station } from '../station/station.ts';
import type { Transaction } from '../station/transaction.ts';

interface Placed {
  evse?: number | undefined;
  transaction?: string;
  remoteStartId?: number;
}

/** The context of the handlers of transactions. */
export interface TransactionContext {
  station: Station;
  authorizer: Authorizer;
}

/** The message with the EVSE where it belongs, told now or before; without one where nobody knows yet. */
export const withEvse = <T extends Placed>({ transactions, evses, remoteStarts }: Station, message: T): T => {
  const { transaction = '', remoteStartId } = message;
  const known = message.evse ?? transactions.byId.get(transaction)?.evse;
  const told = known ?? remoteStarts.find(transaction, remoteStartId)?.evse;
  const evse = evses.placeOf(told) || undefined;
  return evse === message.evse ? message : { ...message, evse };
};

/** The id token of a transaction that was started from here, where the station does not say whose it is. */
export const idTokenOf = ({ remoteStarts }: Station, { transaction = '', remoteStartId }: Placed): string | undefined =>
  remoteStarts.find(transaction, remoteStartId)?.tag;

/**
 * @param decision about the token, now or later
 * @param answer what the decision comes to
 */
export const answerWith = (
  decision: Authorization | Promise<Authorization>,
  answer: (authorization: Authorization) => Answer,
): Answer | Promise<Answer> => (decision instanceof Promise ? decision.then(answer) : answer(decision));

/** The answer about a token in an update of a transaction; empty without one. @param isLate it is over already */
export const answerToken = (
  { authorizer }: TransactionContext,
  token: IdToken | undefined,
  isLate: boolean,
): Answer | Promise<Answer> => {
  if (!token) return {};
  const decision = isLate ? authorizer.decideNow(token) : authorizer.decide(token);
  return answerWith(decision, (authorization) => ({ authorization }));
};

/** Shows a transaction, begun or going on, at its EVSE. @param cableMaxA undefined: not told */
export const showTransaction = (station: Station, transaction: Transaction, cableMaxA: number | undefined): void => {
  if (transaction.evse === undefined) return;
  const evse = station.evse(transaction.evse);
  evse.setTransaction(transaction);
  if (cableMaxA !== undefined) evse.setCableCurrent(cableMaxA);
};
