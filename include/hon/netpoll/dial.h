#pragma once

// The end of dials that are not wanted any more.

namespace hon::netpoll {

class EventHandler;
class Loop;

/// Ends the dials of `loop` whose events go to `handler`: during the look-up of the name, while a
/// socket connects, and during the handshake. The sockets are closed at once, the `done` of each is
/// destroyed without a call, and `handler` gets no further event of them. Connections whose `done`
/// has been called are not affected. On the loop's thread, and not inside an event of such a dial.
void CancelDials(Loop& loop, EventHandler& handler);

}  // namespace hon::netpoll
