/**
 * IEC 61851-1, annex A: a car has followed its pilot 5 s after it changed, at the latest. As a time constant, s: after
 * three of them it is there.
 */
export const carTimeConstantS = 1.7;
