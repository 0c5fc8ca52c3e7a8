/** Whether the meters of a site contradict each other: consumption that comes out negative (aggregation §2.1). */

/** Of about the last day: older energy fades. */
export interface BalanceHistory {
  /** By which consumption would have been negative, Wh. */
  errorWh: number;
  consumptionWh: number;
}

export const emptyHistory: BalanceHistory = { errorWh: 0, consumptionWh: 0 };

const dayMs = 86_400_000;
/** Values are never of one moment: a little less than nothing is normal. */
const suspectShare = 0.02;
const soundShare = 0.01;
/** Nothing is said of less. */
const leastWh = 1000;

export const extend = (
  { errorWh, consumptionWh }: BalanceHistory,
  ms: number,
  consumptionW: number,
  errorW: number,
): BalanceHistory => {
  const fading = Math.exp(-ms / dayMs);
  const hours = ms / 3_600_000;
  return {
    errorWh: errorWh * fading + Math.abs(errorW) * hours,
    consumptionWh: consumptionWh * fading + consumptionW * hours,
  };
};

/** @param wasSuspect once it is, it takes less to stay so */
export const isSuspect = ({ errorWh, consumptionWh }: BalanceHistory, wasSuspect: boolean): boolean => {
  const allWh = errorWh + consumptionWh;
  if (allWh < leastWh) return wasSuspect;
  return errorWh / allWh > (wasSuspect ? soundShare : suspectShare);
};
