// A charging station of another hand, on ocpp-go: OCPP 1.6 or 2.0.1. It reads and prints the same lines as
// ocpp_station.py, and connects again by the library's own means.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lorenzodonini/ocpp-go/ws"
)

// station is one version of OCPP over one client.
type station interface {
	start(url string) error
	stop()
	boot(reason string) (isAccepted bool, waitS int, err error)
	tellStatus(status string) error
	tellPost(post Post) error
	authorize(tag string) bool
}

var printing sync.Mutex

func say(line map[string]any) {
	printing.Lock()
	defer printing.Unlock()
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

type options struct {
	url, identity, password, version, ca, cert, key string
	phases                                          int
	maxA, speed                                     float64
	canSwitch                                       bool
}

type life struct {
	options
	box     *Wallbox
	station station
	conn    net.Conn
	keys    map[string]*setting
	isOn    bool
	stopped chan struct{}
}

func (life *life) client() *ws.Client {
	client := ws.NewClient()
	if life.ca != "" {
		pem, err := os.ReadFile(life.ca)
		must(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		config := &tls.Config{RootCAs: pool}
		if life.cert != "" {
			pair, err := tls.LoadX509KeyPair(life.cert, life.key)
			must(err)
			config.Certificates = []tls.Certificate{pair}
		}
		client = ws.NewTLSClient(config)
	}
	if life.password != "" {
		client.SetBasicAuth(life.identity, life.password)
	}
	// The connection itself, to cut it without a goodbye.
	client.AddOption(func(dialer *websocket.Dialer) {
		dialer.NetDialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			life.box.Lock()
			life.conn = conn
			life.box.Unlock()
			return conn, err
		}
	})
	timeouts := ws.NewClientTimeoutConfig()
	timeouts.RetryBackOffWaitMinimum = 300 * time.Millisecond
	timeouts.RetryBackOffRandomRange = 1
	timeouts.RetryBackOffRepeatTimes = 0
	client.SetTimeoutConfig(timeouts)
	return client
}

func (life *life) setConnected(isConnected bool) {
	life.box.Lock()
	life.box.isConnected = isConnected
	life.box.Unlock()
	life.box.tell()
}

// switchOn dials until it is registered, then tells what there is to tell.
func (life *life) switchOn(reason string) {
	life.stopped = make(chan struct{})
	client := life.client()
	if life.version == "1.6" {
		life.station = newStation16(life, client)
	} else {
		life.station = newStation201(life, client)
	}
	go life.talk(life.station, reason, life.stopped)
}

func isOver(stopped chan struct{}) bool {
	select {
	case <-stopped:
		return true
	default:
		return false
	}
}

func (life *life) talk(station station, reason string, stopped chan struct{}) {
	for station.start(life.url) != nil {
		time.Sleep(300 * time.Millisecond)
		if isOver(stopped) {
			return
		}
	}
	for !isOver(stopped) {
		isAccepted, waitS, err := station.boot(reason)
		if err == nil && isAccepted {
			break
		}
		time.Sleep(time.Duration(min(waitS, 1)+1) * 500 * time.Millisecond)
	}
	say(map[string]any{"event": "booted"})
	life.setConnected(true)
	told := ""
	for !isOver(stopped) {
		told = life.tellAll(station, told, stopped)
		select {
		case <-life.box.changed:
		case <-stopped:
		}
	}
}

func (life *life) tellAll(station station, told string, stopped chan struct{}) string {
	failures := 0
	for !isOver(stopped) {
		life.box.Lock()
		status, isConnected := life.box.status(), life.box.isConnected
		var post *Post
		if len(life.box.outbox) > 0 {
			post = &life.box.outbox[0]
		}
		life.box.Unlock()
		var err error
		switch {
		case !isConnected:
			return told
		case status != told:
			if err = station.tellStatus(status); err == nil {
				told = status
			}
		case post == nil:
			return told
		default:
			if err = station.tellPost(*post); err == nil || failures >= 5 {
				life.box.Lock()
				life.box.outbox = life.box.outbox[1:]
				life.box.Unlock()
				failures = 0
			}
		}
		if err != nil {
			failures++
			say(map[string]any{"event": "failed", "reason": err.Error()})
			time.Sleep(200 * time.Millisecond)
		}
	}
	return told
}

func (life *life) switchOff() {
	close(life.stopped)
	life.setConnected(false)
	life.station.stop()
}

func (life *life) cut() {
	life.box.Lock()
	conn := life.conn
	life.box.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

func (life *life) end(reason, trigger string) {
	life.box.Lock()
	defer life.box.Unlock()
	life.box.end(reason, trigger)
}

func (life *life) restart(reason, cause string) {
	life.end(cause, "ResetCommand")
	life.switchOff()
	time.Sleep(500 * time.Millisecond)
	life.switchOn(reason)
}

func (life *life) swipe(tag string) {
	life.box.Lock()
	tx, isConnected := life.box.tx, life.box.isConnected
	life.box.Unlock()
	if tx != nil {
		if tx.Tag == tag {
			life.end("Local", "StopAuthorized")
		}
		return
	}
	isGood := !isConnected || life.station.authorize(tag)
	event := "refused"
	if isGood {
		event = "authorized"
		life.box.Lock()
		life.box.allow(tag, "Authorized", nil, nil)
		life.box.Unlock()
	}
	say(map[string]any{"event": event, "tag": tag})
}

func (life *life) do(text []byte) {
	line := struct {
		Do  string `json:"do"`
		Tag string `json:"tag"`
		Car
	}{Car: Car{Phases: 3, MaxA: 16, CapacityWh: 50_000, Soc: 30, StopsAt: 100}}
	must(json.Unmarshal(text, &line))
	switch line.Do {
	case "plug":
		life.box.Lock()
		life.box.plug(line.Car)
		life.box.Unlock()
	case "unplug":
		life.box.Lock()
		life.box.unplug()
		life.box.Unlock()
	case "swipe":
		life.swipe(line.Tag)
	case "cut":
		life.cut()
	case "reboot":
		life.restart("PowerUp", "PowerLoss")
	case "power_off":
		life.end("PowerLoss", "AbnormalCondition")
		life.switchOff()
	case "power_on":
		life.switchOn("PowerUp")
	default:
		panic("cannot " + line.Do)
	}
	say(map[string]any{"event": "done", "what": line.Do})
}

func (life *life) passTime() {
	before, told := time.Now(), time.Now()
	for range time.Tick(50 * time.Millisecond) {
		now := time.Now()
		life.box.Lock()
		life.box.step(now.Sub(before).Seconds())
		state := life.box.state()
		state["registered"] = life.box.isConnected
		life.box.Unlock()
		before = now
		if now.Sub(told) >= 200*time.Millisecond {
			told = now
			say(map[string]any{"state": state})
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	var given options
	flag.StringVar(&given.url, "url", "", "without the identity")
	flag.StringVar(&given.identity, "identity", "", "")
	flag.StringVar(&given.password, "password", "", "")
	flag.StringVar(&given.version, "version", "1.6", "1.6 or 2.0.1")
	flag.IntVar(&given.phases, "phases", 3, "1 or 3")
	flag.Float64Var(&given.maxA, "max-a", 16, "")
	flag.BoolVar(&given.canSwitch, "can-switch", false, "3 to 1 phases and back")
	flag.Float64Var(&given.speed, "speed", 1, "seconds of energy per second")
	flag.StringVar(&given.ca, "ca", "", "PEM, for wss")
	flag.StringVar(&given.cert, "cert", "", "PEM, for security profile 3")
	flag.StringVar(&given.key, "key", "", "PEM, for security profile 3")
	flag.Parse()
	life := &life{options: given, box: newWallbox(given.phases, given.maxA, given.canSwitch, given.speed)}
	life.keys = settingsOf(life.version, life.box)
	life.switchOn("PowerUp")
	go life.passTime()
	// Ends with its input.
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		life.do(lines.Bytes())
	}
}
