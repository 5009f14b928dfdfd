// grpc-go's client against handlers that speak gRPC by themselves (grpc_server.cc). Messages are
// bytes: the codec passes them on.
package grpcclient

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const timeout = time.Minute // for calls that take milliseconds

type asBytes struct{}

func (asBytes) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (asBytes) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(data)
	return nil
}
func (asBytes) Name() string { return "proto" }

var conn *grpc.ClientConn

func TestMain(m *testing.M) {
	var err error
	conn, err = grpc.NewClient("passthrough:///"+os.Getenv("HON_ADDRESS"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(asBytes{})))
	if err != nil {
		panic(err)
	}
	code := m.Run()
	conn.Close()
	os.Exit(code)
}

func within(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func unary(ctx context.Context, name, message string, options ...grpc.CallOption) (string, error) {
	in, out := []byte(message), []byte(nil)
	err := conn.Invoke(ctx, "/test.Echo/"+name, &in, &out, options...)
	return string(out), err
}

func stream(t *testing.T, name string, client, server bool) grpc.ClientStream {
	t.Helper()
	made, err := conn.NewStream(within(t, timeout),
		&grpc.StreamDesc{ClientStreams: client, ServerStreams: server}, "/test.Echo/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func send(t *testing.T, to grpc.ClientStream, message string) {
	t.Helper()
	in := []byte(message)
	if err := to.SendMsg(&in); err != nil {
		t.Fatal(err)
	}
}

func TestUnary(t *testing.T) {
	for _, size := range []int{0, 1, 5, 1000, 16_379, 16_384, 100_000, 3_000_000} {
		message := make([]byte, size)
		for i := range message {
			message[i] = byte(i % 251)
		}
		if got, err := unary(within(t, timeout), "Unary", string(message)); err != nil || got != string(message) {
			t.Fatalf("%d bytes: %d bytes, %v", size, len(got), err)
		}
	}
}

func TestManyAtOnceOnOneConnection(t *testing.T) {
	var calls sync.WaitGroup
	for i := range 500 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			var head metadata.MD
			ctx := metadata.AppendToOutgoingContext(within(t, timeout), "x-metadata", fmt.Sprint("m", i))
			got, err := unary(ctx, "Unary", strconv.Itoa(i), grpc.Header(&head))
			if sent := head.Get("x-metadata"); err != nil || got != strconv.Itoa(i) || len(sent) != 1 || sent[0] != fmt.Sprint("m", i) {
				t.Errorf("%d: %q, %v, %v", i, got, head, err)
			}
		}()
	}
	calls.Wait()
}

func TestServerStreaming(t *testing.T) {
	call := stream(t, "Count", false, true)
	send(t, call, "300")
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		var out []byte
		if err := call.RecvMsg(&out); err == io.EOF && i == 300 {
			break
		} else if err != nil || string(out) != fmt.Sprint("message ", i) {
			t.Fatalf("%d: %q, %v", i, out, err)
		}
	}
	if count := call.Trailer().Get("x-count"); len(count) != 1 || count[0] != "300" {
		t.Errorf("trailers: %v", call.Trailer())
	}
}

func TestClientStreaming(t *testing.T) {
	call := stream(t, "Sum", true, false)
	sum := 0
	for i := range 300 {
		size := i * 37 % 5000
		sum += size
		send(t, call, string(make([]byte, size)))
	}
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var out []byte
	if err := call.RecvMsg(&out); err != nil || string(out) != strconv.Itoa(sum) {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestBothDirections(t *testing.T) {
	call := stream(t, "Chat", true, true)
	for i := range 50 { // each message but the first follows the answer to the one before
		message := fmt.Sprint("message ", i)
		send(t, call, message)
		var out []byte
		if err := call.RecvMsg(&out); err != nil || string(out) != message {
			t.Fatalf("%d: %q, %v", i, out, err)
		}
	}
	if err := call.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var out []byte
	if err := call.RecvMsg(&out); err != io.EOF {
		t.Fatalf("%q, %v", out, err)
	}
}

func TestAStatusInTheHead(t *testing.T) {
	_, err := unary(within(t, timeout), "Fail", "")
	if got := status.Convert(err); got.Code() != codes.NotFound || got.Message() != "nothing here" {
		t.Fatal(err)
	}
}

func TestAnUnknownMethod(t *testing.T) { // a 404 without gRPC's fields
	if _, err := unary(within(t, timeout), "Nothing", ""); status.Code(err) != codes.Unimplemented {
		t.Fatal(err)
	}
}

func TestADeadlineEndsTheContext(t *testing.T) {
	cancelled := func() int {
		t.Helper()
		text, err := unary(within(t, timeout), "Cancelled", "")
		count, wrong := strconv.Atoi(text)
		if err != nil || wrong != nil {
			t.Fatal(text, err)
		}
		return count
	}
	before := cancelled()
	if _, err := unary(within(t, 200*time.Millisecond), "Wait", ""); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	for end := time.Now().Add(timeout); cancelled() != before+1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the handler's context has not ended")
		}
	}
}
