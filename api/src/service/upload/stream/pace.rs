//! How long a body may be waited for: at one stretch, and in all.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::{
    config::Files,
    error::{Code, Error},
};

/// Counts the time spent waiting for the client only: a slow object store is not the client's doing.
#[derive(Debug)]
pub(super) struct Pace {
    /// The longest stretch without a byte.
    patience: Duration,
    grace: Duration,
    min_bytes_per_second: u32,
    waited: Duration,
    byte_len: u64,
}

impl Pace {
    pub(super) fn new(patience: Duration, files: &Files) -> Self {
        Self {
            patience,
            grace: files.upload_grace,
            min_bytes_per_second: files.upload_min_bytes_per_second,
            waited: Duration::ZERO,
            byte_len: 0,
        }
    }

    /// Waits for the client.
    ///
    /// # Errors
    /// [`Code::Timeout`] when it stands still or has been too slow on the whole.
    pub(super) async fn keep<T>(&mut self, coming: impl Future<Output = T>) -> Result<T, Error> {
        let left = self.allowed().saturating_sub(self.waited);
        let began = Instant::now();
        let came = timeout(self.patience.min(left), coming).await;
        self.waited += began.elapsed();
        came.map_err(|_| self.refusal(left < self.patience))
    }

    /// These came, too.
    pub(super) fn count(&mut self, byte_len: usize) {
        self.byte_len += byte_len as u64;
    }

    /// What the bytes so far may have taken.
    fn allowed(&self) -> Duration {
        let rate = u64::from(self.min_bytes_per_second.max(1));
        let millis = self.byte_len.saturating_mul(1_000) / rate;
        self.grace.saturating_add(Duration::from_millis(millis))
    }

    fn refusal(&self, on_the_whole: bool) -> Error {
        let message = if on_the_whole {
            format!(
                "the body comes too slowly: it may take {} s and a second for every {} bytes",
                self.grace.as_secs(),
                self.min_bytes_per_second
            )
        } else {
            format!("no byte came for {} s", self.patience.as_secs())
        };
        Error::with_message(Code::Timeout, message)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::config::Config;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(
            30 * SECOND,
            &Config::from_pairs::<&str, &str>([]).unwrap().files,
        )
    }

    /// A client that needs this long for so many bytes.
    async fn chunk(pace: &mut Pace, after: Duration, byte_len: usize) -> Result<(), Error> {
        pace.keep(tokio::time::sleep(after)).await?;
        pace.count(byte_len);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_ends_when_its_grace_is_used_up() {
        let (mut pace, began) = (pace(), Instant::now());
        let mut chunks = 0;
        let ended = loop {
            match chunk(&mut pace, 25 * SECOND, 1).await {
                Ok(()) => chunks += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((ended.code(), chunks), (Code::Timeout, 2));
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_keeps_the_lowest_rate_may_take_hours() {
        let mut pace = pace();
        for _ in 0..1_000 {
            assert!(chunk(&mut pace, 10 * SECOND, 163_840).await.is_ok());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_servers_own_slowness_is_not_counted() {
        let mut pace = pace();
        tokio::time::advance(3_600 * SECOND).await;
        assert!(pace.keep(ready(())).await.is_ok());
        assert!(chunk(&mut pace, 29 * SECOND, 1).await.is_ok());
        let ended = pace.keep(pending::<()>()).await.unwrap_err();
        assert_eq!(ended.to_string(), "no byte came for 30 s");
    }
}
