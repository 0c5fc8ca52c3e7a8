package main

import (
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	volts   = 230.0
	leastA  = 6.0
	settleS = 0.3
	switchS = 1.0
)

// Car as it was plugged in; its SoC moves.
type Car struct {
	Phases     int     `json:"phases"`
	MaxA       float64 `json:"max_a"`
	CapacityWh float64 `json:"capacity_wh"`
	Soc        float64 `json:"soc"`
	StopsAt    float64 `json:"stops_at"`
}

// Period of a profile: A per phase, or W of all phases.
type Period struct {
	Start  float64
	Limit  float64
	Phases int
}

// Profile in the words of neither version.
type Profile struct {
	ID, Level  int
	Purpose    string
	IsRelative bool
	Unit       string
	Start      time.Time
	Duration   float64
	Periods    []Period
}

// Transaction that runs, or has run.
type Transaction struct {
	ID       string
	Tag      string
	RemoteID *int
	Since    time.Time
	MeterWh  int
	seq      int
}

// Post is something to tell of a transaction that must not be lost.
type Post struct {
	Kind, Trigger, Reason, State string
	Tx                           *Transaction
	At                           time.Time
	Seq                          int
	Values                       []Value
	IsLate                       bool
}

// Value of the meter.
type Value struct {
	Measurand, Phase, Unit string
	Value                  float64
}

// Wallbox is physics and memory only; its state is what a test believes.
type Wallbox struct {
	sync.Mutex
	phases, live           int
	maxA, speed            float64
	canSwitch, isOperative bool
	isConnected            bool
	car                    *Car
	current, offered       float64
	deadS, meterWh         float64
	permitTag              string
	permitRemote           *int
	permitProfile          *Profile
	hasPermit, endedHere   bool
	tx                     *Transaction
	profiles               map[int]Profile
	outbox                 []Post
	sampleS                float64
	sampleAt               time.Time
	changed                chan struct{}
}

func newWallbox(phases int, maxA float64, canSwitch bool, speed float64) *Wallbox {
	return &Wallbox{
		phases: phases, live: phases, maxA: maxA, canSwitch: canSwitch, speed: speed, isOperative: true,
		meterWh: 500_000, profiles: map[int]Profile{}, sampleS: 60, changed: make(chan struct{}, 1),
	}
}

func (box *Wallbox) tell() {
	select {
	case box.changed <- struct{}{}:
	default:
	}
}

func (box *Wallbox) plug(car Car) {
	box.car = &car
	box.begin("CablePluggedIn")
	box.tell()
}

func (box *Wallbox) unplug() {
	box.end("EVDisconnected", "EVCommunicationLost")
	box.car, box.endedHere = nil, false
	box.tell()
}

func (box *Wallbox) allow(tag, trigger string, remote *int, profile *Profile) {
	box.permitTag, box.permitRemote, box.permitProfile, box.hasPermit = tag, remote, profile, true
	box.begin(trigger)
	box.tell()
}

func (box *Wallbox) begin(trigger string) {
	if box.car == nil || !box.hasPermit || !box.isOperative || box.tx != nil {
		return
	}
	box.tx = &Transaction{
		Tag: box.permitTag, RemoteID: box.permitRemote, Since: time.Now(), MeterWh: int(math.Round(box.meterWh)),
	}
	if box.permitProfile != nil {
		box.profiles[box.permitProfile.ID] = *box.permitProfile
	}
	box.hasPermit, box.endedHere = false, false
	box.sampleAt = time.Now().Add(time.Duration(box.sampleS * float64(time.Second)))
	box.post("begin", trigger, "")
}

func (box *Wallbox) end(reason, trigger string) {
	if box.tx == nil {
		return
	}
	box.post("end", trigger, reason)
	box.tx, box.endedHere = nil, box.car != nil
	for id, profile := range box.profiles {
		if profile.Purpose == "tx" {
			delete(box.profiles, id)
		}
	}
}

func (box *Wallbox) post(kind, trigger, reason string) {
	box.outbox = append(box.outbox, Post{
		Kind: kind, Trigger: trigger, Reason: reason, State: box.status(), Tx: box.tx, At: time.Now(),
		Seq: box.tx.seq, Values: box.measured(), IsLate: !box.isConnected,
	})
	box.tx.seq++
	box.tell()
}

// place refuses, or replaces, what has the same purpose and level.
func (box *Wallbox) place(profile Profile, isRefused bool) bool {
	for id, other := range box.profiles {
		if id == profile.ID || other.Purpose != profile.Purpose || other.Level != profile.Level {
			continue
		}
		if isRefused {
			return false
		}
		delete(box.profiles, id)
	}
	box.profiles[profile.ID] = profile
	return true
}

func (box *Wallbox) clear(fits func(Profile) bool) bool {
	isAny := false
	for id, profile := range box.profiles {
		if fits(profile) {
			delete(box.profiles, id)
			isAny = true
		}
	}
	return isAny
}

func (box *Wallbox) periodOf(profile Profile, now time.Time) *Period {
	start := profile.Start
	if profile.IsRelative {
		start = now
		if box.tx != nil {
			start = box.tx.Since
		}
	}
	elapsed := now.Sub(start).Seconds()
	if elapsed < 0 || (profile.Duration > 0 && elapsed >= profile.Duration) {
		return nil
	}
	var holds *Period
	for i := range profile.Periods {
		if profile.Periods[i].Start <= elapsed {
			holds = &profile.Periods[i]
		}
	}
	return holds
}

func (box *Wallbox) strongest(purpose string, now time.Time) (amps float64, phases int, isTold bool) {
	level := -1
	for _, profile := range box.profiles {
		period := box.periodOf(profile, now)
		if profile.Purpose != purpose || period == nil || profile.Level <= level {
			continue
		}
		level, isTold, phases = profile.Level, true, box.phases
		if box.canSwitch && period.Phases == 1 {
			phases = 1
		}
		amps = period.Limit
		if profile.Unit == "W" {
			amps = period.Limit / (volts * float64(phases))
		}
	}
	return amps, phases, isTold
}

func (box *Wallbox) limit() (float64, int) {
	now := time.Now()
	amps, phases, isTold := 0.0, box.phases, false
	if box.tx != nil {
		amps, phases, isTold = box.strongest("tx", now)
	}
	if !isTold {
		amps, phases, isTold = box.strongest("tx_default", now)
	}
	if !isTold {
		amps, phases = box.maxA, box.phases
	}
	if most, _, isCapped := box.strongest("station_max", now); isCapped {
		amps = math.Min(amps, most)
	}
	return math.Min(amps, box.maxA), phases
}

func (box *Wallbox) step(seconds float64) {
	before := box.status()
	amps, phases := box.limit()
	isClosed := box.tx != nil
	box.offered = 0
	if isClosed && amps >= leastA {
		box.offered = amps
	}
	if isClosed && phases != box.live {
		box.offered = 0
		if box.current < 0.05 {
			box.deadS += seconds
		}
		if box.deadS >= switchS {
			box.live, box.deadS = phases, 0
		}
	}
	isHungry := box.car != nil && box.car.Soc < box.car.StopsAt
	if !isClosed || !isHungry {
		box.current = 0
	} else {
		target := math.Min(box.offered, box.car.MaxA)
		box.current += (target - box.current) * math.Min(1, seconds/settleS)
		if math.Abs(target-box.current) < 0.1 {
			box.current = target
		}
	}
	wh := box.power() * seconds * box.speed / 3600
	box.meterWh += wh
	if box.car != nil {
		box.car.Soc = math.Min(box.car.StopsAt, box.car.Soc+wh/box.car.CapacityWh*100)
		if box.car.Soc >= box.car.StopsAt {
			box.current = 0
		}
	}
	if box.tx != nil && time.Now().After(box.sampleAt) {
		box.sampleAt = time.Now().Add(time.Duration(box.sampleS * float64(time.Second)))
		box.post("sample", "MeterValuePeriodic", "")
	}
	if box.status() != before {
		if box.tx != nil {
			box.post("state", "ChargingStateChanged", "")
		}
		box.tell()
	}
}

func (box *Wallbox) currents() [3]float64 {
	var currents [3]float64
	if box.car != nil {
		for phase := 0; phase < box.live && phase < box.car.Phases; phase++ {
			currents[phase] = box.current
		}
	}
	return currents
}

func (box *Wallbox) power() float64 {
	currents := box.currents()
	return (currents[0] + currents[1] + currents[2]) * volts
}

// status in the words of 1.6.
func (box *Wallbox) status() string {
	switch {
	case !box.isOperative && box.tx == nil:
		return "Unavailable"
	case box.car == nil:
		return "Available"
	case box.tx == nil && box.endedHere:
		return "Finishing"
	case box.tx == nil:
		return "Preparing"
	case box.offered == 0:
		return "SuspendedEVSE"
	case box.car.Soc < box.car.StopsAt:
		return "Charging"
	default:
		return "SuspendedEV"
	}
}

func (box *Wallbox) measured() []Value {
	values := []Value{
		{"Energy.Active.Import.Register", "", "Wh", math.Round(box.meterWh)},
		{"Power.Active.Import", "", "W", math.Round(box.power())},
		{"Current.Offered", "", "A", math.Round(box.offered*10) / 10},
	}
	for phase, amps := range box.currents() {
		if phase < box.phases {
			values = append(values,
				Value{"Current.Import", fmt.Sprintf("L%d", phase+1), "A", math.Round(amps*100) / 100},
				Value{"Voltage", fmt.Sprintf("L%d-N", phase+1), "V", volts})
		}
	}
	if box.car != nil {
		values = append(values, Value{"SoC", "", "Percent", math.Round(box.car.Soc)})
	}
	return values
}

func (box *Wallbox) state() map[string]any {
	var soc, transaction any
	if box.car != nil {
		soc = box.car.Soc
	}
	if box.tx != nil && box.tx.ID != "" {
		transaction = box.tx.ID
	}
	return map[string]any{
		"status": box.status(), "currents": box.currents(), "offered": box.offered, "phases": box.live,
		"power": box.power(), "meter": box.meterWh, "soc": soc, "transaction": transaction,
		"charging": box.tx != nil, "waiting": len(box.outbox), "profiles": len(box.profiles),
	}
}
