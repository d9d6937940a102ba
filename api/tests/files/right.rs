//! Streams whose right ends while they run: each is cut, and none of them makes a file.

use api::{
    error::{Code, Error},
    service::upload::stream::receive,
};
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use policy::Role;
use rstest::rstest;
use secrecy::ExposeSecret;
use store::{
    Actor, RequestContext,
    auth::SignedIn,
    testing::Database::{self, Postgres, Sqlite},
};

use crate::scene::{Scene, body, incoming, scene, text};

const MIB: usize = 1 << 20;

#[derive(Debug, Clone, Copy)]
enum Ending {
    KeyRevoked,
    KeyExpired,
    KeysMakerDemoted,
    MemberRemoved,
    MemberDemoted,
    SignedOut,
}

/// The end comes while bytes do, or with the last of them, when only the settling can notice.
#[derive(Debug, Clone, Copy)]
enum Moment {
    OnTheWay,
    WithTheLastByte,
}

#[rstest]
#[tokio::test]
async fn a_stream_does_not_outlive_the_right_it_began_with(
    #[values(Sqlite, Postgres)] kind: Database,
    #[values(
        Ending::KeyRevoked,
        Ending::KeyExpired,
        Ending::KeysMakerDemoted,
        Ending::MemberRemoved,
        Ending::MemberDemoted,
        Ending::SignedOut
    )]
    ending: Ending,
    #[values(Moment::OnTheWay, Moment::WithTheLastByte)] moment: Moment,
) {
    let scene = scene(kind).await;
    let signed_in = sign_in(&scene).await;
    let actor = ending.actor(&scene, &signed_in).await;
    let last = async {
        ending.happen(&scene, &signed_in).await;
        if matches!(moment, Moment::OnTheWay) {
            std::future::pending::<()>().await;
        }
    };
    let last = stream::once(last).map(|()| Ok::<_, Error>(Bytes::new()));
    let chunks = body(vec![text(9 * MIB)]).chain(last);
    let cut = receive(&scene.app, &actor, incoming("a.txt", None), chunks).await;
    assert_eq!(cut.unwrap_err().code(), ending.code());
    assert_eq!(scene.count("file WHERE state = 'rejected'").await, 1);
    scene.settled(0).await;
    scene.close().await;
}

impl Ending {
    async fn actor(self, scene: &Scene, signed_in: &SignedIn) -> Actor {
        match self {
            Self::KeyRevoked | Self::KeyExpired | Self::KeysMakerDemoted => {
                let secret = scene.seed.secret.expose_secret();
                let key = scene
                    .app
                    .store
                    .authenticate_key(secret, RequestContext::internal());
                key.await.unwrap()
            }
            _ => signed_in.actor.clone().unwrap(),
        }
    }

    async fn happen(self, scene: &Scene, signed_in: &SignedIn) {
        let store = &scene.app.store;
        match self {
            Self::KeyRevoked => {
                let owner = scene.seed.actor(Role::Owner);
                let revoked = store.revoke_api_key(&owner, scene.seed.key, None);
                revoked.await.map(drop).unwrap();
            }
            Self::KeyExpired => scene.advance(TimeDelta::days(400)),
            Self::KeysMakerDemoted | Self::MemberDemoted => tamper(scene, "role = 'viewer'").await,
            Self::MemberRemoved => tamper(scene, "removed_at = created_at").await,
            Self::SignedOut => store.sign_out(&signed_in.person).await.map(drop).unwrap(),
        }
    }

    fn code(self) -> Code {
        match self {
            Self::KeyRevoked | Self::KeyExpired | Self::SignedOut => Code::Unauthenticated,
            _ => Code::Forbidden,
        }
    }
}

async fn tamper(scene: &Scene, set: &str) {
    let sql = format!("UPDATE member SET {set}");
    assert_eq!(scene.database.tamper(&sql).await.unwrap(), 1);
}

/// The owner with a session.
async fn sign_in(scene: &Scene) -> SignedIn {
    let store = &scene.app.store;
    let cells = scene.database.look("SELECT email FROM \"user\"").await;
    let email = cells.unwrap().remove(0).unwrap();
    let record = store.find_sign_in(&email).await.unwrap().unwrap();
    let session = store.create_session(record, "token", RequestContext::internal());
    let token = session.await.unwrap().token;
    let signed_in = store.authenticate_session(token.expose_secret(), RequestContext::internal());
    signed_in.await.unwrap()
}
