//! ntex on io_uring with one worker, with the endpoints of the benchmark.
//! usage: peer-ntex PORT FILE

use ntex::{http::header, util::Bytes, web};

async fn welcome() -> web::HttpResponse {
    web::HttpResponse::Ok()
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body("Welcome! Try /sse endpoint.")
}

async fn echo(body: Bytes) -> web::HttpResponse {
    web::HttpResponse::Ok().body(body)
}

async fn file(path: web::types::State<String>) -> std::io::Result<web::HttpResponse> {
    let body = std::fs::read(path.get_ref())?;
    Ok(web::HttpResponse::Ok().content_type("application/octet-stream").body(body))
}

#[ntex::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(8080);
    let path = arguments.next().unwrap_or_default();
    web::HttpServer::new(async move || {
        web::App::new()
            .state(path.clone())
            .route("/", web::get().to(welcome))
            .route("/echo", web::post().to(echo))
            .route("/file", web::get().to(file))
    })
    .workers(1)
    .backlog(4096)
    .maxconn(100_000)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
