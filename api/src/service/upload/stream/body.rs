//! A body on its way from the request to the task that takes it in.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
};

use super::{Uploaded, pace::Pace};
use crate::error::{Code, Error};

/// Chunks on their way; a chunk is some ten kilobytes.
const CAPACITY: usize = 4;

/// The end is said: a channel that closes without it is a body that broke off.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    End,
}

#[derive(Debug)]
pub(super) struct Pieces {
    pieces: Receiver<Piece>,
    pace: Pace,
}

pub(super) fn channel(pace: Pace) -> (Sender<Piece>, Pieces) {
    let (mouth, pieces) = mpsc::channel(CAPACITY);
    (mouth, Pieces { pieces, pace })
}

impl Pieces {
    /// The next bytes, or none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self.pace.keep(self.pieces.recv()).await? {
            Some(Piece::Bytes(bytes)) => {
                self.pace.count(bytes.len());
                Ok(Some(bytes))
            }
            Some(Piece::End) => Ok(None),
            None => Err(Error::with_message(
                Code::LengthMismatch,
                "the body broke off before its end",
            )),
        }
    }
}

/// Feeds the task until it answers, which it may do long before the body ends.
pub(super) async fn forward<S, E>(
    body: S,
    mouth: Sender<Piece>,
    mut task: JoinHandle<Result<Uploaded, Error>>,
) -> Result<Uploaded, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let feed = async move {
        let mut body = std::pin::pin!(body);
        while let Some(chunk) = body.next().await {
            let Ok(chunk) = chunk else { return };
            if mouth.send(Piece::Bytes(chunk)).await.is_err() {
                return;
            }
        }
        // A task that has gone has answered, and its answer is what counts.
        let _ = mouth.send(Piece::End).await;
    };
    let answered = tokio::select! {
        biased;
        answered = &mut task => Some(answered),
        () = feed => None,
    };
    let answered = match answered {
        Some(answered) => answered,
        None => task.await,
    };
    answered.map_err(Error::internal)?
}
