//! The index of requests against model and overlay.

use std::collections::HashMap;

use ctp_gen::{
    Api,
    api::{ClassKind, Shape},
    models, names,
    overlay::{Overlay, Success},
};

use crate::files;

#[test]
fn every_request_of_every_model_is_in_the_index_with_its_callbacks() {
    let overlay = Overlay::committed();
    for api in models::models() {
        let rows = rows(api);
        let mut requests = 0;
        for (kind, spi) in
            [(ClassKind::MdApi, ClassKind::MdSpi), (ClassKind::TraderApi, ClassKind::TraderSpi)]
        {
            for (slot, method) in api.class(kind).methods.iter().enumerate() {
                let Some(Shape::Request { record }) = method.call_shape() else { continue };
                requests += 1;
                let current = overlay.renames.current_method(kind.c_name(), &method.name);
                let known = overlay.request(kind.c_name(), current).expect("an entry");
                let callback = |wanted: &Option<String>| {
                    let named = |name: &str| {
                        wanted.as_deref() == Some(overlay.renames.current_method(spi.c_name(), name))
                    };
                    let callbacks = api.class(spi).methods.iter();
                    callbacks.map(|callback| callback.name.as_str()).find(|name| named(name)).unwrap_or("")
                };
                let kind_of_success = match known.success {
                    Success::Query => "query",
                    Success::Answer => "answered",
                    Success::Silent => "silent",
                    Success::Push => "push",
                };
                let expected = [
                    slot.to_string().as_str(),
                    names::record(record),
                    kind_of_success,
                    callback(&known.answer),
                    callback(&known.error),
                    callback(&known.push),
                ]
                .map(str::to_owned);
                let key = (kind.c_name().to_owned(), method.name.clone());
                assert_eq!(rows.get(&key), Some(&expected), "{}: {}", api.label(), method.name);
            }
        }
        assert_eq!(rows.len(), requests, "{}", api.label());
    }
}

/// Reads the tables of requests: class and name, then slot, record, success, answer, error, push.
fn rows(api: &Api) -> HashMap<(String, String), [String; 6]> {
    let files = files(api);
    let index = files.iter().find(|file| file.path == "REQUESTS.md").expect("an index");
    let (mut class, mut rows) = ("", HashMap::new());
    for line in index.text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            class = name;
        }
        let cells: Vec<&str> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [slot, name, record, success, answer, error, push] = cells.as_slice() else { continue };
        if slot.parse::<u32>().is_ok() {
            let row = [slot, record, success, answer, error, push].map(|cell| (*cell).to_owned());
            rows.insert((class.to_owned(), (*name).to_owned()), row);
        }
    }
    rows
}
