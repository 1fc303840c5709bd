//! Where each trader request goes, and the answer to what is not supported.

pub(crate) mod coverage;

use ctp_types::{Record, RecordBox, RequestKind, TraderCallback, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::SessionId;

impl Exchange {
    /// Answers a request that reached the core. Nothing is left without an answer (§7).
    pub(crate) fn handle(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) {
        if request.kind() == RequestKind::Query {
            self.end_query(id);
        }
        if self.handle_session(id, request, record, request_id) {
            return;
        }
        match request {
            TraderRequest::ReqOrderInsert => {
                if let Some(record) = record.get() {
                    self.insert_order(id, record, request_id);
                }
            }
            TraderRequest::ReqOrderAction => {
                if let Some(record) = record.get() {
                    self.cancel_order(id, record, request_id);
                }
            }
            _ if self.instruct(id, request, record, request_id) => {}
            _ if request.kind() == RequestKind::Query => self.answer_query(id, request, record, request_id),
            _ if request.answer().is_some() => {
                self.refuse(id, request, record, CoreError::UnsupportedFunction, request_id);
            }
            _ => {
                let error = Some(CoreError::NoFoundFunction.rsp_info());
                self.send(id, TraderCallback::OnRspError, None, error, request_id, true);
            }
        }
    }

    /// Answers a query with its records; none is a NULL record (§3.2).
    pub(crate) fn answer_records<R: Record>(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        records: Vec<R>,
        request_id: i32,
    ) {
        let Some(callback) = request.answer() else { return };
        if records.is_empty() {
            self.send(id, callback, None, None, request_id, true);
            return;
        }
        let count = records.len();
        for (position, record) in records.iter().enumerate() {
            self.send(id, callback, Some(RecordBox::new(record)), None, request_id, position + 1 == count);
        }
    }
}
