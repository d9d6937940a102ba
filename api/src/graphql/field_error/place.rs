//! Places in a response.

use async_graphql::{Name, PathSegment, Value, indexmap::IndexMap};

/// Makes what stands at `path` null. Where an object on the way has become null because all of its fields
/// failed, it is an object again.
pub(super) fn put_null(data: &mut Value, path: &[PathSegment]) {
    let Some((segment, rest)) = path.split_first() else {
        *data = Value::Null;
        return;
    };
    match segment {
        PathSegment::Field(name) => {
            if let Value::Null = data {
                *data = Value::Object(IndexMap::new());
            }
            if let Value::Object(fields) = data {
                put_null(fields.entry(Name::new(name)).or_default(), rest);
            }
        }
        PathSegment::Index(index) => {
            if let Value::List(items) = data
                && let Some(item) = items.get_mut(*index)
            {
                put_null(item, rest);
            }
        }
    }
}
