"""Uploads and downloads through presigned URLs with the HTTP stack that boto3 uses, and checks with botocore
that the signature of each URL covers what the server promises to have signed.

Usage: presigned.py URL API_KEY
"""
import base64
import hashlib
import json
import sys
from urllib.parse import parse_qs, urlsplit

import boto3  # the client under whose rules a presigned URL must work
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

url, key = sys.argv[1:3]
http = URLLib3Session()


def send(method, target, headers, body=b""):
    request = AWSRequest(method=method, url=target, headers=headers, data=body).prepare()
    return http.send(request)


def graphql(query, variables):
    answer = send(
        "POST", f"{url}/graphql",
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        json.dumps({"query": query, "variables": variables}).encode(),
    )
    body = json.loads(answer.content)
    assert "errors" not in body, body
    (payload,) = body["data"].values()
    assert not payload.get("userErrors"), payload
    return payload


content = b"sent through botocore\n" * 1000
digest = hashlib.sha256(content)
created = graphql(
    "mutation($i: FileUploadCreateInput!) { fileUploadCreate(input: $i) { upload { id url method headers { name value } }"
    " file { id } userErrors { code message } } }",
    {"i": {"system": "workspace", "objectType": "doc", "objectId": "boto3", "filename": "boto.txt",
           "mediaType": "text/plain", "byteLen": str(len(content)), "sha256": digest.hexdigest()}},
)
upload = created["upload"]
headers = {header["name"]: header["value"] for header in upload["headers"]}

signed = parse_qs(urlsplit(upload["url"]).query)["X-Amz-SignedHeaders"][0].split(";")
for name in ("content-length", "content-type", "x-amz-checksum-sha256"):
    assert name in signed, f"{name} is not signed: {signed}"
assert headers["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()

# Other bytes than promised, and more of them, are refused.
for wrong in (content[:-1] + b"!", content + b"!"):
    answer = send("PUT", upload["url"], {**headers, "content-length": str(len(wrong))}, wrong)
    assert answer.status_code >= 400, answer.status_code

answer = send("PUT", upload["url"], headers, content)
assert answer.status_code == 200, answer.content

file = graphql(
    "mutation($i: FileUploadCompleteInput!) { fileUploadComplete(input: $i) { file { id } userErrors { code message } } }",
    {"i": {"uploadId": upload["id"]}},
)["file"]["id"]
state = None
for _ in range(3000):
    answer = send(
        "POST", f"{url}/graphql", {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        json.dumps({"query": "query($id: ID!) { node(id: $id) { ... on File { state sha256 } } }",
                    "variables": {"id": file}}).encode(),
    )
    node = json.loads(answer.content)["data"]["node"]
    state = node["state"]
    if state not in ("PENDING", "VERIFYING"):
        break
assert state == "READY", state
assert node["sha256"] == digest.hexdigest()

link = graphql(
    "mutation($i: FileSignedUrlCreateInput!) { fileSignedUrlCreate(input: $i) { signedUrl { url } userErrors { code message } } }",
    {"i": {"fileId": file}},
)["signedUrl"]["url"]
answer = send("GET", link, {})
assert answer.status_code == 200 and answer.content == content
answer = send("GET", link, {"Range": "bytes=5-11"})
assert answer.status_code == 206 and answer.content == content[5:12]
print(f"presigned: ok (boto3 {boto3.__version__})")
