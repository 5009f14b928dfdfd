// hyper's client on one thread, for bench/client/run: http URLs over HTTP/1.1.
// usage: hyper_client --url URL --requests N --at-once N [--upload BYTES]
// Prints the CPU microseconds of a request, and the bytes that were received.

use std::cell::Cell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::Request;
use hyper_util::client::legacy::{connect::HttpConnector, Client};
use hyper_util::rt::TokioExecutor;

static PART: [u8; 64 * 1024] = [0; 64 * 1024];

/// A body of `left` bytes, whose parts are not copied.
struct Filler {
    left: u64,
}

impl Body for Filler {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let size = self.left.min(PART.len() as u64);
        self.left -= size;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&PART[..size as usize])))))
    }
    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn cpu_seconds() -> f64 {
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

async fn ask(client: &Client<HttpConnector, Filler>, url: &str, upload: u64) -> u64 {
    let method = if upload != 0 { "PUT" } else { "GET" };
    let request = Request::builder().method(method).uri(url).body(Filler { left: upload }).unwrap();
    let mut body = client.request(request).await.expect("a request").into_body();
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        received += frame.expect("a body").data_ref().map_or(0, |data| data.len() as u64);
    }
    received
}

fn main() {
    let (mut url, mut requests, mut at_once, mut upload) = (String::new(), 1000i64, 1, 0);
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let value = arguments.next().expect("a value");
        match flag.as_str() {
            "--url" => url = value,
            "--requests" => requests = value.parse().unwrap(),
            "--at-once" => at_once = value.parse().unwrap(),
            "--upload" => upload = value.parse().unwrap(),
            _ => panic!("unknown flag {flag}"),
        }
    }
    let before = cpu_seconds();
    let received = Rc::new(Cell::new(0));
    let left = Rc::new(Cell::new(requests));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let client = Client::builder(TokioExecutor::new()).build_http::<Filler>();
        let tasks: Vec<_> = (0..at_once)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                let (received, left) = (received.clone(), left.clone());
                tokio::task::spawn_local(async move {
                    while left.get() > 0 {
                        left.set(left.get() - 1);
                        received.set(received.get() + ask(&client, &url, upload).await);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    println!("{:.3} {}", (cpu_seconds() - before) * 1e6 / requests as f64, received.get());
}
