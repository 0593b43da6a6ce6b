package insight

import "math"

// rare is the probability below which a count is unusual.
const rare = 1e-6

// unusual says whether so many calls in a window are unusual where there are usually so many.
func unusual(calls int64, usual float64) bool {
	return calls >= Least && float64(calls) >= factor*usual && atLeast(calls, usual) < rare
}

// atLeast is the probability that a Poisson process with a mean has n events or more. n must be at least twice the mean.
func atLeast(n int64, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	logFactorial, _ := math.Lgamma(float64(n) + 1)
	term := math.Exp(float64(n)*math.Log(mean) - mean - logFactorial)
	sum := 0.0
	for k := float64(n) + 1; term > sum*1e-12 && term > 0; k++ { // each term is at most half of the one before
		sum += term
		term *= mean / k
	}
	return sum
}
