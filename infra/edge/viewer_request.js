// Viewer request, on cloudfront-js-2.0: lets through what can be a variant, and answers everything else at the edge, so
// that nobody can make the CDN ask the bucket for what cannot be there.
//
// /i/<hash of the key>/<revision>-<hash of the contents>/<size>.<ending>
const VARIANT = /^\/i\/[a-z2-7]{26}\/[1-9][0-9]{0,14}-[a-z2-7]{16}\/[a-z0-9_-]{1,40}\.(?:EXTENSIONS)$/;

function handler(event) {
  const request = event.request;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'Method Not Allowed', { allow: { value: 'GET, HEAD' } });
  }
  if (!VARIANT.test(request.uri)) {
    return refuse(404, 'Not Found', { 'cache-control': { value: 'public, max-age=60' } });
  }
  request.querystring = {};
  return request;
}

function refuse(status, reason, headers) {
  headers['content-type'] = { value: 'text/plain; charset=utf-8' };
  return {
    statusCode: status,
    statusDescription: reason,
    headers: headers,
    body: { encoding: 'text', data: reason + '\n' },
  };
}
