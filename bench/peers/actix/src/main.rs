//! actix-web with one worker, with the endpoints of the benchmark.
//! usage: peer-actix PORT FILE

use actix_web::{http::header, web, App, HttpResponse, HttpServer};

async fn welcome() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body("Welcome! Try /sse endpoint.")
}

async fn echo(body: web::Bytes) -> HttpResponse {
    HttpResponse::Ok().body(body)
}

async fn file(path: web::Data<String>) -> std::io::Result<actix_files::NamedFile> {
    actix_files::NamedFile::open(path.as_str())
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(8080);
    let path = web::Data::new(arguments.next().unwrap_or_default());
    HttpServer::new(move || {
        App::new()
            .app_data(path.clone())
            .app_data(web::PayloadConfig::new(8 << 20))
            .route("/", web::get().to(welcome))
            .route("/echo", web::post().to(echo))
            .route("/file", web::get().to(file))
    })
    .workers(1)
    .backlog(4096)
    .max_connections(100_000)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
