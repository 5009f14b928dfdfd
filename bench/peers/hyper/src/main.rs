//! hyper on a current-thread runtime, with the endpoints of the benchmark.
//! usage: peer-hyper PORT FILE

use http_body_util::{combinators::BoxBody, BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderValue, CONTENT_TYPE};
use hyper::{server::conn::http1, service::service_fn, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

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
                // Pipelined requests are answered in one write, which is off by default.
                let _left = http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}
