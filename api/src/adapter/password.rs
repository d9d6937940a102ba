//! Passwords: what is accepted, and argon2id that cannot starve the rest of the process.

mod rules;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::password_hash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

pub use self::rules::{MAX_BYTE_LEN, MIN_CHARACTERS, PasswordFlaw, check_rules};

/// Memory in KiB, passes and lanes.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Who may wait for a permit, and how long.
const QUEUE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(2);

/// A hash under the same parameters that no password is known to have.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3Ryb25ncm9vbS1ub2JvZHk$\
                      bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCBhdCBhbGw";

/// Why a password was neither hashed nor compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many sign-ins at the same time.
    #[error("Too many people sign in at the moment; try again in a few seconds.")]
    Busy,
    /// The stored hash is not one, or the system gave no randomness or memory.
    #[error("The password could not be checked.")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Hashes and compares passwords on the blocking pool, few at a time. Clones share the permits.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
}

/// The right to burn a core, and the place in the queue it was waited for in.
struct Turn {
    _permit: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// Half of the cores, at least one, and a queue of 64 that waits up to two seconds.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with_permits((cores / 2).max(1), QUEUE, PATIENCE)
    }

    /// `permits` at the same time, `queue` more waiting up to `patience`.
    #[must_use]
    pub fn with_permits(permits: usize, queue: usize, patience: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            places: Arc::new(Semaphore::new(permits + queue)),
            patience,
        }
    }

    /// The password as a PHC string with a salt of its own: what to store. [`check_rules`] comes first.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = copy(password);
        self.run("hash", move || {
            let hash = argon2()?
                .hash_password(password.as_bytes())
                .map_err(failed)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password has this hash; `None` for somebody who does not exist takes as long and is `false`.
    pub async fn verify(&self, hash: Option<&str>, password: &str) -> Result<bool, PasswordError> {
        if password.len() > MAX_BYTE_LEN {
            return Ok(false);
        }
        let is_somebody = hash.is_some();
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let password = copy(password);
        let verify = move || match argon2()?.verify_password(password.as_bytes(), hash.as_str()) {
            Ok(()) => Ok(is_somebody),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(failed(error)),
        };
        self.run("verify", verify).await
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let Some(turn) = self.turn().await else {
            metrics::counter!("strongroom_password_busy_total").increment(1);
            return Err(PasswordError::Busy);
        };
        let span = tracing::Span::current();
        let joined = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, not when the request that asked for it does.
            let _turn = turn;
            span.in_scope(|| timed(operation, work))
        });
        joined.await.map_err(failed)?
    }

    async fn turn(&self) -> Option<Turn> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(self.patience, permit).await.ok()?;
        Some(Turn {
            _permit: permit.ok()?,
            _place: place,
        })
    }
}

fn timed<T>(operation: &'static str, work: impl FnOnce() -> T) -> T {
    let started_at = Instant::now();
    let done = work();
    metrics::histogram!("strongroom_password_seconds", "operation" => operation)
        .record(started_at.elapsed().as_secs_f64());
    done
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn copy(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.to_owned())
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> PasswordError {
    PasswordError::Failed(Box::new(error))
}
