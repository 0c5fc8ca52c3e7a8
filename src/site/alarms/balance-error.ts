/** Detects meters that contradict each other: consumption that comes out negative (aggregation §2.1). */

/** Energy of about the last day: older energy fades exponentially. */
export interface BalanceHistory {
  /** Energy by which consumption would have been negative, Wh. */
  errorWh: number;
  consumptionWh: number;
}

/** A history of nothing. */
export const emptyHistory: BalanceHistory = { errorWh: 0, consumptionWh: 0 };

const dayMs = 86_400_000;
/** Share of the error above which the balance is suspect; a small error is normal, since values differ in time. */
const suspectShare = 0.02;
/** Share of the error below which a suspect balance is sound again. */
const soundShare = 0.01;
/** Energy below which the balance is not judged, Wh. */
const leastWh = 1000;

/** Power of a stretch of time. */
export interface BalanceStretch {
  /** Length, ms. */
  ms: number;
  consumptionW: number;
  /** Negative consumption, W, <= 0. */
  errorW: number;
}

/** @returns the history with a further stretch */
export const extendHistory = (
  { errorWh, consumptionWh }: BalanceHistory,
  { ms, consumptionW, errorW }: BalanceStretch,
): BalanceHistory => {
  const fading = Math.exp(-ms / dayMs);
  const hours = ms / 3_600_000;
  return {
    errorWh: errorWh * fading + Math.abs(errorW) * hours,
    consumptionWh: consumptionWh * fading + consumptionW * hours,
  };
};

/** @param wasSuspect whether the balance is suspect already, since a smaller share then keeps it so */
export const isSuspect = ({ errorWh, consumptionWh }: BalanceHistory, wasSuspect: boolean): boolean => {
  const allWh = errorWh + consumptionWh;
  if (allWh < leastWh) return wasSuspect;
  return errorWh / allWh > (wasSuspect ? soundShare : suspectShare);
};
