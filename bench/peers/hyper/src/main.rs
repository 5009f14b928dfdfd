//! hyper on a current-thread runtime, with the endpoints of the benchmark.
//! usage: peer-hyper PORT FILE, or peer-hyper PORT h2c: HTTP/2 by prior knowledge

use std::future::Future;
use std::sync::OnceLock;

use http_body_util::{combinators::BoxBody, BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::server::conn::{http1, http2};
use hyper::{service::service_fn, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

/// Has hyper's tasks run on the one thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, task: F) {
        tokio::task::spawn_local(async move {
            task.await;
        });
    }
}

/// Of the answers to /length/N, at most 1 MiB.
static PATTERN: OnceLock<Vec<u8>> = OnceLock::new();

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

async fn serve(request: Request<Incoming>, file: &'static str) -> Result<Answer, hyper::Error> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const BYTES: &str = "application/octet-stream";
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => {
            answer(StatusCode::OK, TEXT, Bytes::from_static(b"Welcome! Try /sse endpoint."))
        }
        (&Method::POST, "/echo") => {
            let body = request.into_body().collect().await?.to_bytes();
            answer(StatusCode::OK, BYTES, body)
        }
        (&Method::POST, "/discard") => {
            let mut body = request.into_body();
            let mut bytes = 0;
            while let Some(frame) = body.frame().await {
                bytes += frame?.data_ref().map_or(0, Bytes::len);
            }
            answer(StatusCode::OK, TEXT, bytes.to_string().into())
        }
        (&Method::GET, path) if path.starts_with("/length/") => {
            let bytes: usize = path["/length/".len()..].parse().unwrap_or(0);
            let text: &'static [u8] = PATTERN.get_or_init(|| b"0123456789abcdef".repeat(1 << 16));
            answer(StatusCode::OK, TEXT, Bytes::from_static(&text[..bytes.min(text.len())]))
        }
        (&Method::GET, "/file") => match std::fs::read(file) {
            Ok(body) => answer(StatusCode::OK, BYTES, body.into()),
            Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, TEXT, Bytes::new()),
        },
        _ => answer(StatusCode::NOT_FOUND, TEXT, Bytes::new()),
    })
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(8080);
    let file: &'static str = Box::leak(arguments.next().unwrap_or_default().into_boxed_str());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(([127, 0, 0, 1], port).into())?;
        let listener = socket.listen(4096)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| serve(request, file));
                if file == "h2c" {
                    let mut builder = http2::Builder::new(Local);
                    let _left = builder.serve_connection(TokioIo::new(stream), service).await;
                    return;
                }
                // Pipelined requests are answered in one write, which is off by default.
                let _left = http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}
