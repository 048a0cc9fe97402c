package demo

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// trend is the straight line through samples that fits best by least squares.
type trend struct {
	Mean   float64
	Minute float64 // what it grows by in a minute
	Sigma  float64 // the standard error of that
}

// trendOf fits samples that were taken a step apart.
func trendOf(samples []float64, step time.Duration) trend {
	n := float64(len(samples))
	middle, mean := (n-1)/2, 0.0
	for _, v := range samples {
		mean += v / n
	}
	spread, together := 0.0, 0.0
	for i, v := range samples {
		spread += (float64(i) - middle) * (float64(i) - middle)
		together += (float64(i) - middle) * (v - mean)
	}
	slope, left := together/spread, 0.0
	for i, v := range samples {
		off := v - mean - slope*(float64(i)-middle)
		left += off * off
	}
	perMinute := float64(time.Minute) / float64(step)
	return trend{mean, slope * perMinute, math.Sqrt(left/(n-2)/spread) * perMinute}
}

// grows says that the line rises, beyond what chance makes of samples that depend on each other.
func (t trend) grows() bool { return t.Minute > 4*t.Sigma }

// String gives the mean, the growth in a minute with its standard error, and both in percent of the mean.
func (t trend) String() string {
	return fmt.Sprintf("%.4g, %+.3g ± %.2g a minute (%+.2f %% ± %.2f)", t.Mean, t.Minute, t.Sigma, 100*t.Minute/t.Mean,
		100*t.Sigma/t.Mean)
}

func TestTrend(t *testing.T) {
	for _, test := range []struct {
		samples []float64
		want    string
		grows   bool
	}{
		{[]float64{7, 7, 7, 7}, "7, +0 ± 0 a minute (+0.00 % ± 0.00)", false},
		{[]float64{10, 11, 12, 13, 14}, "12, +12 ± 0 a minute (+100.00 % ± 0.00)", true},
		{[]float64{14, 13, 12, 11, 10}, "12, -12 ± 0 a minute (-100.00 % ± 0.00)", false},
		{[]float64{1, 0, 1, 0, 1, 0}, "0.5, -1.03 ± 1.7 a minute (-205.71 % ± 335.93)", false},
	} {
		got := trendOf(test.samples, 5*time.Second)
		if got.String() != test.want || got.grows() != test.grows {
			t.Errorf("%v: %s, grows %v", test.samples, got, got.grows())
		}
	}
}
