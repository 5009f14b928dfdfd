// The same questions as fiber_bench.cc to Go: goroutines on one thread (GOMAXPROCS=1).

package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

const rounds = 500_000

func report(name string, began time.Time, times int) {
	fmt.Printf("%-34s %8.1f\n", name, float64(time.Since(began).Nanoseconds())/float64(times))
}

func yields() {
	var group sync.WaitGroup
	began := time.Now()
	for i := 0; i < 2; i++ {
		group.Add(1)
		go func() {
			for round := 0; round < rounds; round++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
	report("switch, yield", began, 2*rounds)
}

func pingPong(name string, capacity int) {
	ping := make(chan int, capacity)
	pong := make(chan int, capacity)
	began := time.Now()
	go func() {
		for value := range ping {
			pong <- value
		}
		close(pong)
	}()
	for round := 0; round < rounds; round++ {
		ping <- round
		if <-pong != round {
			panic("lost")
		}
	}
	close(ping)
	<-pong
	report(name, began, 2*rounds)
}

func stream(name string, capacity int) {
	channel := make(chan int, capacity)
	began := time.Now()
	go func() {
		for round := 0; round < rounds; round++ {
			channel <- round
		}
		close(channel)
	}()
	sum := 0
	for value := range channel {
		sum += value
	}
	if sum != rounds*(rounds-1)/2 {
		panic("lost")
	}
	report(name, began, rounds)
}

func locks() {
	var mutex sync.Mutex
	began := time.Now()
	for round := 0; round < rounds; round++ {
		mutex.Lock()
		mutex.Unlock()
	}
	report("mutex, free", began, rounds)
}

func lives() {
	var group sync.WaitGroup
	began := time.Now()
	for round := 0; round < rounds/10; round++ {
		group.Add(1)
		go group.Done()
		if round%64 == 63 {
			runtime.Gosched()
		}
	}
	group.Wait()
	report("go, run, end", began, rounds/10)
}

func crowd(goroutines int) {
	var group sync.WaitGroup
	never := make(chan int)
	began := time.Now()
	for i := 0; i < goroutines; i++ {
		group.Add(1)
		go func() {
			<-never
			group.Done()
		}()
		if i%64 == 63 {
			runtime.Gosched()
		}
	}
	runtime.Gosched()
	report("first life, up to a wait", began, goroutines)
	ended := time.Now()
	close(never)
	group.Wait()
	report("woken, and its stack freed", ended, goroutines)
}

func main() {
	runtime.GOMAXPROCS(1)
	yields()
	pingPong("channel, there or back", 0)
	pingPong("buffered channel, there or back", 1)
	stream("channel, one value", 0)
	stream("buffered channel, one value", 128)
	locks()
	lives()
	crowd(20_000)
}
